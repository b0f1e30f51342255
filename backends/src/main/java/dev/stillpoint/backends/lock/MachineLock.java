package dev.stillpoint.backends.lock;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/**
 * The right to work on one machine: the locks of all its endpoints and of its QEMU, or none. It
 * ends with {@link #close} or with the process, however that ends; what a dead owner left in the
 * file counts for nothing. The guard of a dead owner has locks of its own, which refuse as well.
 * Safe for use by several threads.
 *
 * <p>The files lie in {@code /run/stillpoint}, else in {@code $XDG_RUNTIME_DIR/stillpoint}, else in
 * a directory of the user's own under the temporary one; whoever uses another of these is not seen.
 */
public final class MachineLock implements AutoCloseable {
  /** How long a lock whose holder does not say who it is may be a mere look at it. */
  private static final Duration GLANCE = Duration.ofMillis(200);

  private static final Duration GLANCE_STEP = Duration.ofMillis(5);

  private final Path directory;
  private final String operation;
  private final String what;
  private final List<Path> files = new ArrayList<>();
  private boolean closed;

  private MachineLock(Path directory, String operation, String what) {
    this.directory = directory;
    this.operation = operation;
    this.what = what;
  }

  /**
   * Takes the locks of a machine's endpoints; does not wait for another owner.
   *
   * @param operation the operation's id
   * @param what what it does, for a person, such as {@code snapshot nightly}
   * @throws SnapshotException with {@link ErrorCode#BUSY}, naming the owner, when somebody holds
   *     one of them, in this process or another; with {@link ErrorCode#LOCK_FAILED} when the lock
   *     cannot be kept anywhere
   */
  public static MachineLock take(Collection<Endpoint> endpoints, String operation, String what) {
    try {
      return take(RunDirectory.find(), endpoints, operation, what);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  static MachineLock take(
      Path directory, Collection<Endpoint> endpoints, String operation, String what) {
    var lock = new MachineLock(directory, operation, what);
    lock.takeAll(canonical(endpoints));
    return lock;
  }

  /**
   * Takes the lock of the QEMU behind a connection, too: another operation may have come to this
   * machine by endpoints of which we know nothing. Nothing is taken twice.
   *
   * @param peer the process that serves the connection; where it is no QEMU, such as a proxy, or is
   *     not known, as over TCP, this does nothing
   * @throws SnapshotException as {@link #take}; then everything is given free
   */
  public void takeQemu(OptionalLong peer) {
    if (peer.isPresent()) {
      ProcessIdentity.ofQemu(peer.getAsLong()).ifPresent(this::takeQemu);
    }
  }

  /** The same for a QEMU that is known. */
  public void takeQemu(ProcessIdentity qemu) {
    takeAll(List.of(LockName.of(qemu)));
  }

  /**
   * Takes the locks of disks that are named without a machine. Nothing is taken twice.
   *
   * @param disks paths, or whatever else their storage knows them by
   * @throws SnapshotException as {@link #take}; then everything is given free
   */
  public void takeDisks(Collection<String> disks) {
    takeAll(disks.stream().map(LockName::ofDisk).distinct().sorted().toList());
  }

  private synchronized void takeAll(Collection<LockName> names) {
    boolean all = false;
    try {
      for (LockName name : names) {
        Path file = directory.resolve(name.fileName());
        if (!files.contains(file)) {
          takeOne(file, owner(name));
          files.add(file);
          awaitNoGuard(directory.resolve(name.guardFileName()), name.text());
        }
      }
      all = true;
    } catch (IOException e) {
      throw failed(e);
    } finally {
      if (!all) {
        close();
      }
    }
  }

  private LockOwner owner(LockName name) {
    return new LockOwner(operation, what, ProcessIdentity.current(), Instant.now(), name.text());
  }

  /** Whoever only looks holds the lock for a moment and writes no note: that is no refusal. */
  private static void takeOne(Path file, LockOwner ours) throws IOException {
    long end = System.nanoTime() + GLANCE.toNanos();
    while (LockFiles.take(file, ours) instanceof LockFiles.Attempt.Refused refused) {
      boolean known = refused.owner().process().isAlive();
      if (known || System.nanoTime() - end >= 0) {
        throw new SnapshotException(refused.owner().refusal());
      }
      LockSupport.parkNanos(GLANCE_STEP.toNanos());
    }
  }

  /** A guard whose owner is dead still writes to the machine; one that just ends is no refusal. */
  private static void awaitNoGuard(Path file, String endpoint) throws IOException {
    long end = System.nanoTime() + GLANCE.toNanos();
    Optional<LockOwner> guard = LockFiles.owner(file, endpoint);
    while (guard.isPresent()) {
      if (System.nanoTime() - end >= 0) {
        throw new SnapshotException(guard.get().refusal());
      }
      LockSupport.parkNanos(GLANCE_STEP.toNanos());
      guard = LockFiles.owner(file, endpoint);
    }
  }

  /** Who holds one of these endpoints now; empty when nobody does, or it cannot be told. */
  public static Optional<LockOwner> owner(Collection<Endpoint> endpoints) {
    try {
      return owner(RunDirectory.find(), endpoints);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  static Optional<LockOwner> owner(Path directory, Collection<Endpoint> endpoints)
      throws IOException {
    for (LockName endpoint : canonical(endpoints)) {
      for (String name : List.of(endpoint.fileName(), endpoint.guardFileName())) {
        Optional<LockOwner> owner = LockFiles.owner(directory.resolve(name), endpoint.text());
        if (owner.isPresent()) {
          return owner;
        }
      }
    }
    return Optional.empty();
  }

  /** The one text of an endpoint, however it was spelled, by which a machine is known. */
  public static String nameOf(Endpoint endpoint) {
    return LockName.of(endpoint).text();
  }

  /**
   * The text by which an endpoint is reached from every directory, as it is written down: paths are
   * absolute, and of a unix socket without links.
   */
  public static String addressOf(Endpoint endpoint) {
    return LockName.address(endpoint).toString();
  }

  /** Each once, in one order for everybody, so that of two who meet one gets all. */
  private static Collection<LockName> canonical(Collection<Endpoint> endpoints) {
    var sorted = new TreeMap<String, LockName>();
    endpoints.stream().map(LockName::of).forEach(one -> sorted.put(one.text(), one));
    return sorted.values();
  }

  private static SnapshotException failed(IOException e) {
    return new SnapshotException(
        Failure.of(ErrorCode.LOCK_FAILED, "the machine's lock cannot be taken: " + e), e);
  }

  /** Gives the machine free; a second time it does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      files.forEach(LockFiles::release);
    }
  }
}
