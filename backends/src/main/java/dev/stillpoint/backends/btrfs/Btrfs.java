package dev.stillpoint.backends.btrfs;

import dev.stillpoint.backends.host.FileClone;
import dev.stillpoint.backends.host.FileMark;
import dev.stillpoint.backends.host.ImageFile;
import dev.stillpoint.backends.host.Mount;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.backends.host.Programs;
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
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Read-only snapshots of the subvolumes that hold the images: {@code btrfs subvolume snapshot -r}.
 *
 * <p>Each lies in a directory of its own, {@code <place>/<snapshot's name>/snapshot}. That
 * directory is made with {@code mkdir}, which fails where anything of its name is, and bears the
 * operation's mark: {@code btrfs} itself would put a snapshot into a directory that has appeared in
 * its place.
 */
final class Btrfs implements Storage {
  static final String NAME = "btrfs";

  /** The option with a directory for the snapshots, instead of {@link #PLACE} in the subvolume. */
  static final String SNAPSHOTS = "snapshots";

  /** Where snapshots lie in their own subvolume. */
  static final String PLACE = ".stillpoint";

  private static final String SNAPSHOT = "snapshot";
  private static final String REHEARSAL = "rehearsal";
  private static final String SUBVOLUME = "subvolume";

  /** One snapshot, with the commit of its transaction, on a disk that others write to. */
  private static final Duration TYPICAL = Duration.ofMillis(50);

  private final Programs programs;

  Btrfs(Programs programs) {
    this.programs = programs;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public MethodTraits traits() {
    return new MethodTraits(
        MethodTraits.Span.SHARED,
        TYPICAL,
        true,
        EnumSet.allOf(Ability.class),
        Set.of(DiskSource.File.class));
  }

  @Override
  public PlannedSnapshot plan(LocatedDisk disk, SnapshotName name, Deadline deadline)
      throws IOException {
    disk.requireOptionsAmong(Set.of(SNAPSHOTS));
    ImageFile image = ImageFile.of(disk, Set.of("btrfs"));
    Path root = Subvolume.of(image);
    Path place = place(image, root).resolve(name.text());
    return new PlannedSnapshot(
        disk,
        new StorageSnapshot(place.toString(), Map.of(SUBVOLUME, root.toString())),
        backup(image, root, place));
  }

  private static DiskSource backup(ImageFile image, Path root, Path place) {
    Path inSnapshot = place.resolve(SNAPSHOT).resolve(root.relativize(image.path()));
    return new DiskSource.File(inSnapshot, image.disk().source().format());
  }

  private static Path place(ImageFile image, Path root) throws IOException {
    Optional<Path> given = image.option(SNAPSHOTS);
    if (given.isEmpty()) {
      return root.resolve(PLACE);
    }
    if (!Files.isDirectory(given.get())) {
      throw image.disk().refusal(ErrorCode.BAD_REQUEST, given.get() + " is no directory");
    }
    Path place = given.get().toRealPath();
    Optional<Mount> mount = Mounts.own().of(place);
    if (mount.filter(there -> there.device().equals(image.mount().device())).isEmpty()) {
      throw image
          .disk()
          .refusal(ErrorCode.BAD_REQUEST, place + " is not on the file system of " + image.path());
    }
    return place;
  }

  @Override
  public Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException {
    Programs.succeeded(List.of("btrfs"), programs.run(List.of("btrfs", "--version"), deadline));
    Set<String> places = new HashSet<>();
    for (StorageSnapshot snapshot : snapshots) {
      Path place = place(snapshot);
      if (!FileClone.isFree(place)) {
        throw refusal(ErrorCode.SNAPSHOT_EXISTS, place + " exists already");
      }
      if (!places.add(snapshot.name())) {
        throw refusal(
            ErrorCode.BAD_REQUEST, "two subvolumes would have their snapshot in " + place);
      }
      requireWritable(nearest(place));
    }
    return new Prospect(snapshots.size() <= 1, TYPICAL.multipliedBy(snapshots.size()), List.of());
  }

  /** A directory that is there, and in which something will be made. */
  private static Path nearest(Path place) {
    Path directory = place.getParent();
    while (directory != null && FileClone.isFree(directory)) {
      directory = directory.getParent();
    }
    return directory == null ? place : directory;
  }

  private static void requireWritable(Path directory) throws IOException {
    if (!Files.isWritable(directory)) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          directory + " cannot be written to: a read-only file system, or no right to");
    }
    // Who is not root may make a snapshot of what is his, and could not remove it again.
    Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (!(user instanceof Number number) || number.longValue() != 0) {
      throw refusal(ErrorCode.DISK_UNSUITABLE, "only root may remove snapshots of a btrfs");
    }
  }

  private static SnapshotException refusal(ErrorCode code, String message) {
    return new SnapshotException(Failure.of(code, message));
  }

  private static Path place(StorageSnapshot snapshot) {
    return Path.of(snapshot.name());
  }

  private static boolean isOwnPlace(Path directory) {
    return PLACE.equals(String.valueOf(directory.getFileName()));
  }

  /** Makes the directories, and one snapshot that it removes again: what is not flushed is now. */
  @Override
  public void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (StorageSnapshot snapshot : snapshots) {
      Path place = place(snapshot);
      Path parent = nearest(place);
      if (!parent.equals(place.getParent())) {
        Files.createDirectory(parent.resolve(PLACE));
      }
      try {
        Files.createDirectory(place);
      } catch (FileAlreadyExistsException e) {
        throw new SnapshotException(
            Failure.of(ErrorCode.SNAPSHOT_EXISTS, place + " exists already"), e);
      }
      FileMark.OPERATION.put(place, operationId);
    }
    for (StorageSnapshot snapshot : snapshots) {
      make(snapshot, REHEARSAL);
      remove(place(snapshot).resolve(REHEARSAL));
    }
  }

  @Override
  public void cut(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (StorageSnapshot snapshot : snapshots) {
      make(snapshot, SNAPSHOT);
    }
  }

  private void make(StorageSnapshot snapshot, String role) throws IOException {
    Path target = place(snapshot).resolve(role);
    if (!FileClone.isFree(target)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    toEnd("snapshot", "-r", "--", snapshot.option(SUBVOLUME), target.toString());
  }

  private void remove(Path subvolume) throws IOException {
    toEnd("delete", "--", subvolume.toString());
  }

  /** One that is killed goes on in the kernel, and nobody would know what came of it. */
  private void toEnd(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("btrfs", "subvolume"));
    command.addAll(List.of(arguments));
    Programs.succeeded(command, programs.runToEnd(command));
  }

  @Override
  public Presence find(StorageSnapshot snapshot, String operationId, Deadline deadline)
      throws IOException {
    Path place = place(snapshot);
    if (FileClone.isFree(place)) {
      requireMounted(snapshot);
      return Presence.ABSENT;
    }
    Optional<String> maker =
        Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)
            ? FileMark.OPERATION.read(place)
            : Optional.empty();
    boolean made = Subvolume.isRoot(place.resolve(SNAPSHOT));
    if (operationId.isEmpty()) {
      Path root = Path.of(snapshot.option(SUBVOLUME));
      return maker.isPresent() && made && isOf(root, place, deadline)
          ? Presence.OURS
          : Presence.ABSENT;
    }
    if (maker.filter(operationId::equals).isEmpty()) {
      return Presence.FOREIGN;
    }
    return made ? Presence.OURS : Presence.BEGUN;
  }

  /** One directory may hold snapshots of several subvolumes, with the same names in them. */
  private boolean isOf(Path root, Path place, Deadline deadline) throws IOException {
    return Subvolume.isSnapshotOf(root, place.resolve(SNAPSHOT), programs, deadline);
  }

  /** Of a file system that is not mounted nothing is there, and all may come back. */
  private static void requireMounted(StorageSnapshot snapshot) throws IOException {
    Path place = place(snapshot);
    Path root = Path.of(snapshot.option(SUBVOLUME));
    boolean there =
        Subvolume.isRoot(root)
            && Mounts.own()
                .of(root)
                .map(Mount::device)
                .equals(Mounts.own().of(nearest(place)).map(Mount::device));
    if (!there) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          "the subvolume "
              + root
              + " is not there now, or what should hold its snapshots is not mounted; whether "
              + place
              + " is there is not known");
    }
  }

  @Override
  public void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    Path place = place(snapshot);
    if (FileClone.isFree(place)) {
      return;
    }
    for (String role : List.of(REHEARSAL, SNAPSHOT)) {
      if (Subvolume.isRoot(place.resolve(role))) {
        remove(place.resolve(role));
      }
    }
    Files.deleteIfExists(place);
    Path parent = place.getParent();
    if (parent != null && isOwnPlace(parent)) {
      try {
        Files.deleteIfExists(parent);
      } catch (DirectoryNotEmptyException e) {
        // Others are in it.
      }
    }
  }

  @Override
  public List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException {
    disk.requireOptionsAmong(Set.of(SNAPSHOTS));
    ImageFile image = ImageFile.of(disk, Set.of("btrfs"));
    Path root = Subvolume.of(image);
    Path directory = place(image, root);
    if (FileClone.isFree(directory)) {
      return List.of();
    }
    List<StoredSnapshot> found = new ArrayList<>();
    try (Stream<Path> places = Files.list(directory)) {
      for (Path place : places.toList()) {
        stored(image, root, place, deadline).ifPresent(found::add);
      }
    }
    found.sort(Comparator.comparing(one -> one.created().orElseThrow()));
    return List.copyOf(found);
  }

  /** One that holds this image; others of the same directory may be of other subvolumes. */
  private Optional<StoredSnapshot> stored(ImageFile image, Path root, Path place, Deadline deadline)
      throws IOException {
    DiskSource backup = backup(image, root, place);
    boolean ours =
        Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)
            && FileMark.OPERATION.read(place).isPresent()
            && Subvolume.isRoot(place.resolve(SNAPSHOT))
            && holds(place, ((DiskSource.File) backup).path())
            && isOf(root, place, deadline);
    if (!ours) {
      return Optional.empty();
    }
    return Optional.of(
        new StoredSnapshot(
            String.valueOf(place.getFileName()),
            NAME,
            place.toString(),
            Optional.of(Files.getLastModifiedTime(place).toInstant()),
            Optional.of(backup),
            Optional.empty()));
  }

  /** Whether a file is in the snapshot itself: a link in it may lead to what is there today. */
  private static boolean holds(Path place, Path file) throws IOException {
    return Files.isRegularFile(file)
        && file.toRealPath().startsWith(place.resolve(SNAPSHOT).toRealPath())
        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public void revert(PlannedSnapshot planned, Deadline deadline) throws IOException {
    ImageFile image = ImageFile.of(planned.disk(), Set.of("btrfs"));
    Path then = ((DiskSource.File) planned.backupSource()).path();
    if (!holds(place(planned.snapshot()), then)) {
      throw planned
          .disk()
          .refusal(
              ErrorCode.NO_SUCH_SNAPSHOT,
              planned.snapshot().name() + " does not hold " + image.path());
    }
    new FileClone(programs).replace(image, then, deadline);
  }
}
