package dev.stillpoint.core.testing;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.Remains;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * A method for disks that are small files: a snapshot is a directory beside the disk, with a copy
 * in it and the operation's mark. Correct, unless it is given a {@link Flaw}.
 */
final class DirectoryMethod implements SnapshotMethod {
  static final String SUFFIX = ".disk";

  private final Flaw flaw;
  private final Runnable beforeWaiting;

  DirectoryMethod(Flaw flaw, Runnable beforeWaiting) {
    this.flaw = flaw;
    this.beforeWaiting = beforeWaiting;
  }

  /** Something that reads or writes files. */
  @FunctionalInterface
  interface Step<T> {
    T take() throws IOException;
  }

  boolean has(Flaw one) {
    return flaw == one;
  }

  <T> CompletionStage<T> later(Step<T> step) {
    if (has(Flaw.WORKS_ON_THE_CALLERS_THREAD)) {
      return CompletableFuture.completedFuture(taken(step));
    }
    return CompletableFuture.supplyAsync(() -> taken(step));
  }

  private <T> T taken(Step<T> step) {
    beforeWaiting.run();
    try {
      return step.take();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CompletionStage<Void> doing(Step<?> step) {
    return later(step).thenAccept(done -> {});
  }

  @Override
  public String name() {
    return "directory";
  }

  @Override
  public MethodTraits traits() {
    Set<Ability> abilities =
        has(Flaw.CANNOT_AND_SAYS_NOTHING) ? Set.of() : EnumSet.allOf(Ability.class);
    Class<? extends DiskSource> kind =
        has(Flaw.TELLS_ANOTHER_KIND_OF_BACKUP) ? DiskSource.Device.class : DiskSource.File.class;
    return new MethodTraits(MethodTraits.Span.DISK, Duration.ZERO, true, abilities, Set.of(kind));
  }

  @Override
  public CompletionStage<Cut> check(CutOrder order, Deadline deadline) {
    return later(() -> {
      for (LocatedDisk disk : order.disks()) {
        if (!has(Flaw.TAKES_ANY_OPTION)) {
          disk.requireOptionsAmong(Set.of());
        }
        if (!file(disk).toString().endsWith(SUFFIX) && !has(Flaw.TAKES_ANY_DISK)) {
          throw disk.refusal(ErrorCode.DISK_UNSUITABLE, "only files that end with " + SUFFIX);
        }
        if (Files.exists(place(disk, order.name()))
            && !has(Flaw.CHECKS_NO_NAME)
            && !has(Flaw.OVERWRITES)) {
          throw disk.refusal(ErrorCode.SNAPSHOT_EXISTS, order.name() + " exists");
        }
      }
      return new DirectoryCut(this, order);
    });
  }

  static Path file(LocatedDisk disk) {
    return Path.of(((DiskSource.File) disk.source()).path().toString());
  }

  Path place(LocatedDisk disk, SnapshotName name) {
    String stem =
        has(Flaw.ONE_PLACE_FOR_ALL_DISKS) ? "all" : String.valueOf(file(disk).getFileName());
    return file(disk).resolveSibling(stem + "@" + name);
  }

  static Path content(Path place) {
    return place.resolve("content");
  }

  static Path mark(Path place, String operationId) {
    return place.resolve("made-by-" + operationId);
  }

  DiskSnapshot result(String disk, Path source, Path place) {
    var backup = new DiskSource.File(has(Flaw.BACKUP_IS_THE_DISK) ? source : content(place), "raw");
    String named = has(Flaw.OTHER_NAME_IN_THE_RESULT) ? "disk" : disk;
    return new DiskSnapshot(named, name(), "copy", Optional.empty(), Optional.empty(), backup);
  }

  @Override
  public CompletionStage<List<StoredSnapshot>> list(LocatedDisk disk, Deadline deadline) {
    return later(() -> {
      List<StoredSnapshot> found = new ArrayList<>();
      String prefix = file(disk).getFileName() + "@";
      for (Path place :
          has(Flaw.LISTS_NOTHING) ? List.<Path>of() : children(file(disk).getParent())) {
        String name = String.valueOf(place.getFileName());
        if (name.startsWith(prefix)) {
          found.add(
              new StoredSnapshot(
                  name.substring(prefix.length()),
                  has(Flaw.LISTS_AND_NAMES_NO_METHOD) ? "" : name(),
                  place.toString(),
                  Optional.empty(),
                  Optional.of(new DiskSource.File(content(place), "raw")),
                  Optional.empty()));
        }
      }
      return found;
    });
  }

  private static List<Path> children(Path directory) throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      return children.sorted().toList();
    }
  }

  private Path existing(LocatedDisk disk, SnapshotName name) {
    Path place = place(disk, name);
    if (!Files.exists(place) && !has(Flaw.DELETES_WHAT_IS_NOT_THERE)) {
      throw disk.refusal(ErrorCode.NO_SUCH_SNAPSHOT, "there is no " + place);
    }
    return place;
  }

  @Override
  public CompletionStage<Void> revert(LocatedDisk disk, SnapshotName name, Deadline deadline) {
    if (has(Flaw.CANNOT_AND_SAYS_NOTHING)) {
      return doing(() -> name);
    }
    return doing(() -> {
      Path place = existing(disk, name);
      if (Files.exists(used(file(disk))) && !has(Flaw.REVERTS_A_DISK_IN_USE)) {
        throw disk.refusal(ErrorCode.DISK_IN_USE, file(disk) + " is in use");
      }
      if (!has(Flaw.REVERTS_NOTHING)) {
        Files.write(file(disk), Files.readAllBytes(content(place)));
      }
      if (has(Flaw.REVERT_EATS_THE_SNAPSHOT)) {
        remove(place);
      }
      return name;
    });
  }

  /** Somebody who uses a disk says so here. */
  static Path used(Path file) {
    return file.resolveSibling(file.getFileName() + ".used");
  }

  @Override
  public CompletionStage<Optional<DiskSource>> delete(
      LocatedDisk disk, SnapshotName name, Deadline deadline) {
    return doing(
            () -> {
              Path place = existing(disk, name);
              if (has(Flaw.DELETES_ALL)) {
                removeAllBeside(place);
              } else if (!has(Flaw.DELETES_NOTHING)) {
                remove(place);
              }
              return name;
            })
        .thenApply(done -> Optional.empty());
  }

  void removeAllBeside(Path place) throws IOException {
    for (Path other : children(place.getParent())) {
      remove(other);
    }
  }

  static void remove(Path place) throws IOException {
    if (!Files.isDirectory(place)) {
      return;
    }
    for (Path child : children(place)) {
      Files.delete(child);
    }
    Files.delete(place);
  }

  private boolean isOurs(Path place, String operationId) {
    return has(Flaw.CALLS_ALL_ITS_OWN) || Files.exists(mark(place, operationId));
  }

  @Override
  public CompletionStage<Remains> find(
      String operationId, List<Inventory> disks, Deadline deadline) {
    return later(() -> {
      List<DiskSnapshot> present = new ArrayList<>();
      List<String> absent = new ArrayList<>();
      List<String> doubtful = new ArrayList<>();
      for (Inventory disk : disks) {
        Path place = Path.of(disk.belongings().get(0).name());
        boolean begun = isOurs(place, operationId) && !Files.exists(content(place));
        if (!Files.exists(place)
            || has(Flaw.FINDS_NOTHING)
            || (begun && !has(Flaw.FINDS_WHAT_IS_BEGUN))) {
          absent.add(disk.disk());
        } else if (isOurs(place, operationId)) {
          present.add(result(disk.disk(), Path.of(disk.source()), place));
        } else {
          doubtful.add(place + " is not the operation's");
        }
      }
      return new Remains(present, absent, doubtful);
    });
  }

  @Override
  public CompletionStage<Void> discard(
      String operationId, List<Inventory> disks, Deadline deadline) {
    return doing(() -> {
      for (Inventory disk : disks) {
        Path place = Path.of(disk.belongings().get(0).name());
        if (isOurs(place, operationId) && !has(Flaw.DISCARDS_NOTHING)) {
          remove(place);
        }
      }
      return disks;
    });
  }
}
