package dev.stillpoint.backends;

import dev.stillpoint.backends.guard.GuardedFreezer;
import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.LockOwner;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qga.command.GuestFsfreezeStatus;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Freezes and thaws a guest by hand, without a snapshot. Every method blocks its caller. Whoever
 * calls {@link #freeze} owes a call of {@link #thaw}, whatever came of it, unless its exception
 * says that nothing was written.
 */
public final class GuestFreeze implements AutoCloseable {
  /** How long one attempt to prove a thaw may take before it is tried anew. */
  private static final Duration ATTEMPT = Duration.ofSeconds(5);

  private final QgaClient client;
  private final Freezer freezer;
  private final Optional<MachineLock> lock;
  private final FreezeRecord record;

  private GuestFreeze(
      QgaClient client, Freezer freezer, Optional<MachineLock> lock, FreezeRecord record) {
    this.client = client;
    this.freezer = freezer;
    this.lock = lock;
    this.record = record;
  }

  /**
   * Takes the machine's lock until {@link #close}, then connects to its agent and brings the stream
   * into step.
   *
   * @param what what for, for a person who meets the lock, such as {@code freeze}
   * @param journal where a freeze is written down before it is written to the agent; with a
   *     directory a guard is started too, which thaws should this process be killed or stopped
   * @throws SnapshotException with {@link ErrorCode#BUSY} at once when another operation has the
   *     machine; with {@link ErrorCode#AGENT_UNAVAILABLE} when no agent answers within the timeout
   */
  public static GuestFreeze connect(
      Endpoint endpoint, Duration timeout, String what, Journal journal) {
    String id = SnapshotCoordinator.newOperationId();
    MachineLock lock = MachineLock.take(List.of(endpoint), id, what);
    try {
      QgaClient client = connected(endpoint, timeout);
      MachineIdentity machine = MachineLook.ofAgent(endpoint, client.peerPid());
      Freezer plain = new GuestQuiescer(client).freezer(List.of());
      Freezer freezer =
          journal instanceof JournalDirectory kept
              ? GuardedFreezer.guarded(plain, id, kept.fileOf(id), client)
              : plain;
      return new GuestFreeze(
          client, freezer, Optional.of(lock), new FreezeRecord(journal, id, what, machine));
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Asks an agent what it says of itself, {@code thawed} or {@code frozen}; it knows its own freeze
   * only. Takes no lock, but does not wait at an agent that an operation holds.
   *
   * @throws SnapshotException with {@link ErrorCode#BUSY} at once when an operation has the
   *     machine; with {@link ErrorCode#AGENT_UNAVAILABLE} when no agent answers within the timeout
   */
  public static String statusOf(Endpoint endpoint, Duration timeout) {
    Optional<LockOwner> owner = MachineLock.owner(List.of(endpoint));
    if (owner.isPresent()) {
      throw new SnapshotException(owner.get().refusal());
    }
    try (QgaClient client = connected(endpoint, timeout)) {
      return joined(
          client.execute(new GuestFsfreezeStatus(), timeout), ErrorCode.AGENT_UNAVAILABLE);
    }
  }

  private static QgaClient connected(Endpoint endpoint, Duration timeout) {
    return joined(
        QgaClient.connect(endpoint, QgaOptions.defaults().withConnectTimeout(timeout)),
        ErrorCode.AGENT_UNAVAILABLE);
  }

  /**
   * Throws when a freeze would not work or must not be tried, such as on a guest that is frozen
   * already.
   */
  public void requireFreezable(Duration timeout) {
    QuiesceCheck check =
        joined(
            new GuestQuiescer(client).check(List.of(), Deadline.after(timeout)),
            ErrorCode.AGENT_UNAVAILABLE);
    switch (check) {
      case QuiesceCheck.Ready ready -> {}
      case QuiesceCheck.Unavailable none -> throw new SnapshotException(none.reason());
      case QuiesceCheck.Refused refused -> throw new SnapshotException(refused.reason());
    }
  }

  /**
   * Freezes every file system of the guest, once that is written down.
   *
   * @throws dev.stillpoint.core.spi.FreezeException when the guest did not confirm it
   */
  public FreezeReport freeze(Duration window) {
    record.holding(window);
    try {
      return joined(freezer.freeze(Deadline.after(window)), ErrorCode.FREEZE_FAILED);
    } catch (FreezeException e) {
      if (e.writtenNanos().isEmpty()) {
        record.thawed();
      }
      throw e;
    }
  }

  /**
   * Thaws the guest and proves it, trying anew until the bound ends.
   *
   * @throws SnapshotException with {@link ErrorCode#THAW_NOT_PROVED}: the guest may be frozen
   */
  public ThawReport thaw(Duration bound) {
    Deadline until = Deadline.after(bound);
    while (true) {
      try {
        ThawReport proof = joined(freezer.thaw(until.orAfter(ATTEMPT)), ErrorCode.THAW_NOT_PROVED);
        record.thawed();
        return proof;
      } catch (SnapshotException e) {
        if (until.remaining().isZero()) {
          record.givenUp();
          throw new SnapshotException(
              Failure.of(
                  ErrorCode.THAW_NOT_PROVED,
                  "the guest may be frozen: no thaw could be proved: " + e.getMessage()),
              e);
        }
        pause();
      }
    }
  }

  /** An attempt can fail at once, as with a socket that nobody serves. */
  private static void pause() {
    java.util.concurrent.locks.LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
  }

  /** Ends the connection and gives the machine free; only once nothing is owed. */
  @Override
  public void close() {
    freezer.release();
    client.close();
    lock.ifPresent(MachineLock::close);
  }

  private static <T> T joined(CompletionStage<T> stage, ErrorCode otherwise) {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof SnapshotException known) {
        throw known;
      }
      throw new SnapshotException(SnapshotException.failureOf(e, otherwise), e);
    }
  }
}
