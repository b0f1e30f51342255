package dev.stillpoint.backends.reflink;

import dev.stillpoint.backends.host.FileClone;
import dev.stillpoint.backends.host.FileMark;
import dev.stillpoint.backends.host.ImageFile;
import dev.stillpoint.backends.host.Mount;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.host.XfsHeader;
import dev.stillpoint.backends.storage.PlannedSnapshot;
import dev.stillpoint.backends.storage.Presence;
import dev.stillpoint.backends.storage.Prospect;
import dev.stillpoint.backends.storage.Storage;
import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A clone of the image beside it, which shares its blocks: FICLONE, by {@code cp --reflink=always}.
 * The file system lets nobody write to the image while it is cloned, so that a clone is one instant
 * of one image.
 */
final class Reflink implements Storage {
  static final String NAME = "reflink";

  /** The option with the file that the snapshot becomes. */
  static final String FILE = "file";

  private static final String IMAGE = "image";
  private static final String AS = "as";
  private static final Set<String> TYPES = Set.of("btrfs", "xfs");

  /** An image of few fragments. */
  private static final Duration TYPICAL = Duration.ofMillis(20);

  /** A file's name, in bytes. */
  private static final int MAX_NAME = 255;

  private final Programs programs;
  private final FileClone clone;

  Reflink(Programs programs) {
    this.programs = programs;
    this.clone = new FileClone(programs);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public MethodTraits traits() {
    return new MethodTraits(
        MethodTraits.Span.DISK,
        TYPICAL,
        true,
        EnumSet.allOf(Ability.class),
        Set.of(DiskSource.File.class));
  }

  @Override
  public PlannedSnapshot plan(LocatedDisk disk, SnapshotName name, Deadline deadline)
      throws IOException {
    disk.requireOptionsAmong(Set.of(FILE));
    ImageFile image = ImageFile.of(disk, TYPES);
    if (image.mount().type().equals("xfs")
        && !XfsHeader.reflink(image.mount().source()).orElse(true)) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          image.path() + " lies on an xfs that was made without reflink=1");
    }
    Path file = file(image, name);
    return new PlannedSnapshot(
        disk,
        new StorageSnapshot(
            file.toString(), Map.of(IMAGE, image.path().toString(), AS, name.text())),
        new DiskSource.File(file, disk.source().format()));
  }

  private static Path file(ImageFile image, SnapshotName name) throws IOException {
    Optional<Path> given = image.option(FILE);
    if (given.isEmpty()) {
      return limited(image, image.directory().resolve(named(image.name(), name.text())));
    }
    Path directory = given.get().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw image.disk().refusal(ErrorCode.BAD_REQUEST, "no directory for " + given.get());
    }
    Path real = directory.toRealPath();
    Optional<Mount> mount = Mounts.own().of(real);
    if (mount.filter(there -> there.device().equals(image.mount().device())).isEmpty()) {
      throw image
          .disk()
          .refusal(ErrorCode.BAD_REQUEST, real + " is not on the file system of " + image.path());
    }
    return limited(image, real.resolve(given.get().getFileName()));
  }

  /** {@code disk0.raw} becomes {@code disk0.nightly.raw}. */
  private static String named(String image, String name) {
    int dot = image.lastIndexOf('.');
    return dot <= 0
        ? image + "." + name
        : image.substring(0, dot) + "." + name + image.substring(dot);
  }

  private static Path limited(ImageFile image, Path file) {
    String longest = String.valueOf(new CloneFile(file).begun().getFileName());
    if (longest.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
      throw image
          .disk()
          .refusal(ErrorCode.BAD_REQUEST, "the name would be too long: " + file.getFileName());
    }
    return file;
  }

  @Override
  public Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException {
    Programs.succeeded(List.of("cp"), programs.run(List.of("cp", "--version"), deadline));
    for (StorageSnapshot snapshot : snapshots) {
      CloneFile file = file(snapshot);
      if (!file.isFree()) {
        throw refusal(ErrorCode.SNAPSHOT_EXISTS, file.path() + " exists already");
      }
      Path directory = file.path().getParent();
      if (directory == null || !Files.isWritable(directory)) {
        throw refusal(
            ErrorCode.DISK_UNSUITABLE,
            directory + " cannot be written to: a read-only file system, or no right to");
      }
    }
    return new Prospect(snapshots.size() <= 1, TYPICAL.multipliedBy(snapshots.size()), List.of());
  }

  private static SnapshotException refusal(ErrorCode code, String message) {
    return new SnapshotException(Failure.of(code, message));
  }

  private static CloneFile file(StorageSnapshot snapshot) {
    return new CloneFile(Path.of(snapshot.name()));
  }

  private static Path image(StorageSnapshot snapshot) {
    return Path.of(snapshot.option(IMAGE));
  }

  /** Reserves the files, and clones once into each: what is not written back is now. */
  @Override
  public void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (StorageSnapshot snapshot : snapshots) {
      CloneFile file = file(snapshot);
      file.reserve(image(snapshot), operationId, snapshot.option(AS));
      if (!FileClone.isFree(file.path())) {
        throw refusal(ErrorCode.SNAPSHOT_EXISTS, file.path() + " exists already");
      }
      Mount mount = Mounts.own().of(image(snapshot)).orElseThrow();
      clone.alike(file.begun(), image(snapshot), mount, deadline);
      clone.fill(file.begun(), image(snapshot), deadline);
      file.empty();
    }
  }

  @Override
  public void cut(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (StorageSnapshot snapshot : snapshots) {
      clone.fill(file(snapshot).begun(), image(snapshot), deadline);
    }
    for (StorageSnapshot snapshot : snapshots) {
      file(snapshot).publish();
    }
  }

  @Override
  public Presence find(StorageSnapshot snapshot, String operationId, Deadline deadline)
      throws IOException {
    CloneFile file = file(snapshot);
    if (operationId.isEmpty()) {
      // Any other file of that name is no snapshot, and may be an overlay in use.
      boolean there =
          file.isThere(image(snapshot)) && FileMark.SNAPSHOT.isOn(file.path(), snapshot.option(AS));
      return there ? Presence.OURS : Presence.ABSENT;
    }
    if (file.isMadeBy(operationId)) {
      return Presence.OURS;
    }
    if (file.isBegunBy(operationId)) {
      return Presence.BEGUN;
    }
    if (!file.isFree()) {
      return Presence.FOREIGN;
    }
    // Of a file system that is not mounted nothing is there, and all may come back.
    if (!Files.isRegularFile(image(snapshot))) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          "the image "
              + image(snapshot)
              + " is not there now; whether its clone "
              + file.path()
              + " is, is not known");
    }
    return Presence.ABSENT;
  }

  @Override
  public void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    file(snapshot).delete(image(snapshot));
  }

  @Override
  public List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException {
    disk.requireOptionsAmong(Set.of(FILE));
    ImageFile image = ImageFile.of(disk, TYPES);
    Path directory = image.option(FILE).map(Path::getParent).orElse(image.directory());
    List<StoredSnapshot> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        stored(image, file).ifPresent(found::add);
      }
    }
    found.sort(Comparator.comparing(one -> one.created().orElseThrow()));
    return List.copyOf(found);
  }

  private static Optional<StoredSnapshot> stored(ImageFile image, Path path) throws IOException {
    if (String.valueOf(path.getFileName()).endsWith(CloneFile.BEGUN)
        || !new CloneFile(path).isThere(image.path())) {
      return Optional.empty();
    }
    String format = image.disk().source().format();
    Instant made = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
    return FileMark.SNAPSHOT
        .read(path)
        .map(name ->
            new StoredSnapshot(
                name,
                NAME,
                path.toString(),
                Optional.of(made),
                Optional.of(new DiskSource.File(path, format)),
                Optional.empty()));
  }

  @Override
  public void revert(PlannedSnapshot planned, Deadline deadline) throws IOException {
    ImageFile image = ImageFile.of(planned.disk(), TYPES);
    clone.replace(image, ((DiskSource.File) planned.backupSource()).path(), deadline);
  }
}
