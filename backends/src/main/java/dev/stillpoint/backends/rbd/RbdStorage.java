package dev.stillpoint.backends.rbd;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.backends.rbd.RbdCommand.Listed;
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
import dev.stillpoint.core.spi.MethodTraits.Span;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Images of a Ceph cluster, by its program {@code rbd}. Each is cut by itself, all at the same
 * time. The operation is noted in a key of the image, with the number of the snapshot, after the
 * cut and beside the thaw: no command of Ceph makes a snapshot and notes whose it is.
 */
final class RbdStorage implements Storage {
  static final String NAME = "rbd";

  /** The beginning of the key in which an image keeps whose a snapshot is. */
  static final String NOTE = "dev.stillpoint.";

  private static final Duration TYPICAL = Duration.ofSeconds(1);

  /** How long the note of a snapshot may take that nobody waits for. */
  private static final Duration NOTE_TIME = Duration.ofSeconds(30);

  private final RbdCommand rbd;

  /** What this object has made itself, with the note that is being written. */
  private final Map<Made, CompletableFuture<Void>> made = new ConcurrentHashMap<>();

  RbdStorage(Programs programs) {
    this.rbd = new RbdCommand(programs);
  }

  private record Made(StorageSnapshot snapshot, String operationId) {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public MethodTraits traits() {
    return new MethodTraits(
        Span.DISK,
        TYPICAL,
        true,
        Set.of(Ability.LIST, Ability.REVERT, Ability.DELETE),
        Set.of(DiskSource.Rbd.class));
  }

  @Override
  public PlannedSnapshot plan(LocatedDisk disk, SnapshotName name, Deadline deadline) {
    RbdImage image = RbdImages.of(disk);
    return new PlannedSnapshot(
        disk, image.snapshot(name), image.at(name.text(), disk.source().format()));
  }

  @Override
  public Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException {
    long longest = 0;
    for (StorageSnapshot snapshot : snapshots) {
      long before = System.nanoTime();
      if (listed(snapshot, deadline).isPresent()) {
        throw failure(
            ErrorCode.SNAPSHOT_EXISTS, "the snapshot " + snapshot.name() + " exists already");
      }
      longest = Math.max(longest, System.nanoTime() - before);
    }
    return new Prospect(snapshots.size() == 1, TYPICAL.plus(Duration.ofNanos(longest)), List.of());
  }

  private Optional<Listed> listed(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    RbdImage image = RbdImage.of(snapshot);
    return all(image, deadline).stream()
        .filter(one -> one.name().equals(RbdImage.nameIn(snapshot)))
        .findFirst();
  }

  private List<Listed> all(RbdImage image, Deadline deadline) throws IOException {
    return rbd.snapshots(image, deadline)
        .orElseThrow(
            () -> failure(ErrorCode.DISK_UNSUITABLE, "there is no image '" + image.text() + "'"));
  }

  /** Goes the way of the cut once, with a question. */
  @Override
  public void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    var commands = new ArrayList<List<String>>();
    for (StorageSnapshot snapshot : snapshots) {
      commands.add(RbdCommand.words(RbdImage.of(snapshot), List.of("snap", "ls")));
    }
    requireDone(commands, together(commands));
  }

  @Override
  public void cut(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    var commands = new ArrayList<List<String>>();
    for (StorageSnapshot snapshot : snapshots) {
      commands.add(
          RbdCommand.words(
              RbdImage.of(snapshot),
              List.of("snap", "create"),
              "--snap=" + RbdImage.nameIn(snapshot),
              "--no-progress"));
    }
    List<Said> said = together(commands);
    for (int i = 0; i < snapshots.size(); i++) {
      if (said.get(i).status() == 0) {
        note(snapshots.get(i), operationId);
      }
    }
    requireDone(commands, said);
  }

  private List<Said> together(List<List<String>> commands) throws IOException {
    var running = new ArrayList<CompletableFuture<Said>>();
    for (List<String> command : commands) {
      running.add(
          Worker.later(() -> {
            try {
              return rbd.runToEnd(command);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }));
    }
    var said = new ArrayList<Said>();
    Optional<CompletionException> failed = Optional.empty();
    for (CompletableFuture<Said> one : running) {
      try {
        said.add(one.join());
      } catch (CompletionException e) {
        // The others are waited for all the same: what they make comes before it is looked for.
        failed = Optional.of(e);
      }
    }
    if (failed.isPresent()) {
      throw failed.get().getCause() instanceof UncheckedIOException e
          ? e.getCause()
          : new IOException(failed.get());
    }
    return said;
  }

  private static void requireDone(List<List<String>> commands, List<Said> said) throws IOException {
    for (int i = 0; i < commands.size(); i++) {
      RbdCommand.requireDone(commands.get(i), said.get(i));
    }
  }

  /** Writes it down beside what comes next; until then only this object knows. */
  private void note(StorageSnapshot snapshot, String operationId) {
    made.put(
        new Made(snapshot, operationId),
        Worker.later(() -> {
          try {
            Deadline deadline = Deadline.after(NOTE_TIME);
            Optional<Listed> listed = listed(snapshot, deadline);
            if (listed.isPresent()) {
              String value = note(operationId, listed.get());
              rbd.setNote(RbdImage.of(snapshot), key(snapshot), value, deadline);
            }
            return null;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }));
  }

  private static String key(StorageSnapshot snapshot) {
    return NOTE + RbdImage.nameIn(snapshot);
  }

  /** A later snapshot of the same name has another number. */
  private static String note(String operationId, Listed snapshot) {
    return operationId + "@" + snapshot.id();
  }

  @Override
  public Presence find(StorageSnapshot snapshot, String operationId, Deadline deadline)
      throws IOException {
    CompletableFuture<Void> noted = made.get(new Made(snapshot, operationId));
    if (noted != null) {
      noted
          .handle((value, thrown) -> true)
          .completeOnTimeout(false, deadline.remaining().toMillis(), TimeUnit.MILLISECONDS)
          .join();
    }
    RbdImage image = RbdImage.of(snapshot);
    Optional<Listed> found =
        rbd.snapshots(image, deadline).orElse(List.of()).stream()
            .filter(one -> one.name().equals(RbdImage.nameIn(snapshot)))
            .findFirst();
    if (found.isEmpty()) {
      return Presence.ABSENT;
    }
    if (operationId.isEmpty()) {
      return Presence.FOREIGN;
    }
    boolean ours =
        noted != null
            || rbd.note(image, key(snapshot), deadline)
                .filter(note -> note.equals(note(operationId, found.get())))
                .isPresent();
    return ours ? Presence.OURS : Presence.FOREIGN;
  }

  @Override
  public void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    RbdImage image = RbdImage.of(snapshot);
    String name = "--snap=" + RbdImage.nameIn(snapshot);
    Said said = rbd.run(deadline, image, List.of("snap", "rm"), name, "--no-progress");
    if (said.status() == RbdCommand.BUSY) {
      throw failure(
          ErrorCode.CLEANUP_FAILED,
          "the snapshot " + snapshot.name() + " is protected, or has clones; they are not touched");
    }
    if (!RbdCommand.isAbsent(said)) {
      RbdCommand.requireDone(List.of(NAME), said);
    }
    rbd.removeNote(image, key(snapshot), deadline);
    made.keySet().removeIf(one -> one.snapshot().equals(snapshot));
  }

  @Override
  public List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException {
    RbdImage image = RbdImages.of(disk);
    List<StoredSnapshot> found = new ArrayList<>();
    for (Listed one : all(image, deadline)) {
      Optional<DiskSource> source = Optional.of(image.at(one.name(), disk.source().format()));
      String place = image.text() + "@" + one.name();
      Optional<Instant> created = RbdTime.read(one.timestamp());
      found.add(new StoredSnapshot(one.name(), NAME, place, created, source, Optional.empty()));
    }
    return found;
  }

  @Override
  public void revert(PlannedSnapshot planned, Deadline deadline) throws IOException {
    RbdImage image = RbdImage.of(planned.snapshot());
    int watchers = rbd.watchers(image, deadline).orElse(0);
    if (watchers > 0) {
      throw planned
          .disk()
          .refusal(
              ErrorCode.DISK_IN_USE,
              "'" + image.text() + "' is open: the cluster tells of " + watchers + " watchers");
    }
    List<String> command =
        RbdCommand.words(
            image,
            List.of("snap", "rollback"),
            "--snap=" + RbdImage.nameIn(planned.snapshot()),
            "--no-progress");
    RbdCommand.requireDone(command, rbd.runToEnd(command));
  }

  private static SnapshotException failure(ErrorCode code, String message) {
    return new SnapshotException(Failure.of(code, message));
  }
}
