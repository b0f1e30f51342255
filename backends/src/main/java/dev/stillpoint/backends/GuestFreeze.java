package dev.stillpoint.backends;

import dev.stillpoint.backends.guard.GuardedQuiescer;
import dev.stillpoint.backends.guard.Guards;
import dev.stillpoint.backends.guard.OperationGuard;
import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.LockOwner;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezePace;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Freezes and thaws a guest by hand, without a snapshot. Every method blocks its caller. Whoever
 * calls {@link #freeze} owes a call of {@link #thaw}, whatever came of it, unless its exception
 * says that nothing was written.
 */
public final class GuestFreeze implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(GuestFreeze.class);

  /** How long one attempt to prove a thaw may take before it is tried anew. */
  private static final Duration ATTEMPT = Duration.ofSeconds(5);

  /** The longest of them: each waits twice as long as the one before, as a hook may be slow. */
  private static final Duration LONGEST_ATTEMPT = Duration.ofMinutes(5);

  /** How long a freeze may take at most where the guest has a pace of its own, as Windows has. */
  public static final Duration LONGEST_FREEZE = GuestQuiescer.WINDOWS_FREEZE;

  private final QgaClient client;
  private final Optional<MachineLock> lock;
  private final Optional<OperationGuard> guard;
  private final FreezeRecord record;
  private Freezer freezer;
  private Optional<FreezePace> pace = Optional.empty();

  private GuestFreeze(
      QgaClient client,
      Optional<MachineLock> lock,
      String id,
      String what,
      Journal journal,
      Guards guards) {
    this.client = client;
    this.lock = lock;
    this.guard =
        journal instanceof JournalDirectory kept
            ? Optional.of(new OperationGuard(guards, id, what, Optional.of(kept.fileOf(id))))
            : Optional.empty();
    MachineIdentity machine = MachineLook.ofAgent(client.endpoint(), client.peerPid());
    this.record = new FreezeRecord(journal, id, what, machine);
    this.freezer = new GuestQuiescer(client, Optional.empty()).freezer();
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
    return connect(endpoint, timeout, what, journal, Guards.fresh());
  }

  /**
   * The same with guards from elsewhere.
   *
   * @param guards stay the caller's to close
   */
  public static GuestFreeze connect(
      Endpoint endpoint, Duration timeout, String what, Journal journal, Guards guards) {
    String id = SnapshotCoordinator.newOperationId();
    MachineLock lock = MachineLock.take(List.of(endpoint), id, what);
    try {
      QgaClient client = connected(endpoint, timeout);
      return locked(client, lock, id, what, journal, guards);
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /** With the client from here on, the QEMU behind it is locked too, or both are given free. */
  private static GuestFreeze locked(
      QgaClient client, MachineLock lock, String id, String what, Journal journal, Guards guards) {
    boolean ours = false;
    try {
      lock.takeQemu(client.peerPid());
      var freeze = new GuestFreeze(client, Optional.of(lock), id, what, journal, guards);
      ours = true;
      return freeze;
    } finally {
      if (!ours) {
        client.close();
      }
    }
  }

  /**
   * The same for {@link #thaw} alone: a lock that cannot be kept anywhere, as on a full disk, does
   * not stand in the way of that. Nor does an operation that came to this machine by other
   * endpoints: only those of this agent are locked, and not its QEMU.
   */
  public static GuestFreeze connectToThaw(Endpoint endpoint, Duration timeout) {
    String id = SnapshotCoordinator.newOperationId();
    Optional<MachineLock> lock;
    try {
      lock = Optional.of(MachineLock.take(List.of(endpoint), id, "thaw"));
    } catch (SnapshotException e) {
      if (e.failure().code() != ErrorCode.LOCK_FAILED) {
        throw e;
      }
      log.warn("thawing without a lock: {}", e.getMessage());
      lock = Optional.empty();
    }
    try {
      QgaClient client = connected(endpoint, timeout);
      return new GuestFreeze(client, lock, id, "thaw", Journal.none(), Guards.fresh());
    } catch (RuntimeException | Error e) {
      lock.ifPresent(MachineLock::close);
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
          client
              .execute(new GuestFsfreezeStatus(), timeout)
              .thenApply(GuestFsfreezeStatusResult::value),
          ErrorCode.AGENT_UNAVAILABLE);
    }
  }

  private static QgaClient connected(Endpoint endpoint, Duration timeout) {
    return joined(
        QgaClient.connect(endpoint, QgaOptions.defaults().withConnectTimeout(timeout)),
        ErrorCode.AGENT_UNAVAILABLE);
  }

  /** Over a connection that is the caller's, who has the machine's lock under this id. */
  static GuestFreeze over(
      QgaClient client, String id, String what, Journal journal, Guards guards) {
    return new GuestFreeze(client, Optional.empty(), id, what, journal, guards);
  }

  /**
   * What a freeze would leave out, and what else there is to know of it.
   *
   * @param notCovered file systems that will not freeze, and why
   */
  public record Prospect(List<String> notCovered, List<String> warnings) {}

  /**
   * Asks whether a freeze would work; changes nothing in the guest.
   *
   * @throws SnapshotException when it would not, or must not be tried, such as on a guest that is
   *     frozen already
   */
  public Prospect requireFreezable(Duration timeout) {
    Quiescer plain = new GuestQuiescer(client, Optional.empty());
    QuiesceCheck check =
        joined(
            guard
                .<Quiescer>map(known -> new GuardedQuiescer(plain, client, known))
                .orElse(plain)
                .check(
                    new QuiesceOrder(FreezeScope.everything(), List.of()), Deadline.after(timeout)),
            ErrorCode.AGENT_UNAVAILABLE);
    return switch (check) {
      case QuiesceCheck.Ready ready -> {
        freezer = ready.freezer();
        pace = ready.pace();
        yield new Prospect(ready.notCovered(), ready.warnings());
      }
      case QuiesceCheck.Unavailable none -> throw new SnapshotException(none.reason());
      case QuiesceCheck.Refused refused -> throw new SnapshotException(refused.reason());
    };
  }

  /**
   * Freezes every file system of the guest, once that is written down.
   *
   * @param window how long it may take; a guest with a pace of its own gets that
   * @throws dev.stillpoint.core.spi.FreezeException when the guest did not confirm it
   */
  public FreezeReport freeze(Duration window) {
    Duration patience = pace.map(FreezePace::freeze).orElse(window);
    record.holding(patience);
    try {
      return joined(freezer.freeze(Deadline.after(patience)), ErrorCode.FREEZE_FAILED);
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
    Duration attempt = ATTEMPT;
    while (true) {
      try {
        ThawReport proof = joined(freezer.thaw(until.orAfter(attempt)), ErrorCode.THAW_NOT_PROVED);
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
        if (attempt.compareTo(LONGEST_ATTEMPT) < 0) {
          attempt = attempt.multipliedBy(2);
        }
        pause();
      }
    }
  }

  /** An attempt can fail at once, as with a socket that nobody serves. */
  private static void pause() {
    java.util.concurrent.locks.LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
  }

  /**
   * Completes, with what the guard did, when this process is found to have stood still for so long
   * that its guard took over: then the freeze proves nothing any more. Never without a guard.
   */
  public CompletionStage<String> stoodStill() {
    return guard.map(OperationGuard::stoodStill).orElseGet(CompletableFuture::new);
  }

  /**
   * Completes when somebody, such as {@code stillpoint thaw} in another process, wants the guest
   * thawed now. Never without a guard.
   */
  public CompletionStage<Void> thawAsked() {
    return guard.map(OperationGuard::thawAsked).orElseGet(CompletableFuture::new);
  }

  /**
   * Ends what was made for the freeze, and not the connection; only once nothing is owed, or to
   * hand what is owed over to the guard.
   *
   * @return who goes on with what is owed still, in words; empty where nothing is, or nobody does
   */
  public Optional<String> letGo() {
    freezer.release();
    guard.ifPresent(OperationGuard::end);
    return guard.flatMap(OperationGuard::pursuer);
  }

  /** Ends the connection and gives the machine free, as {@link #letGo()} does. */
  @Override
  public void close() {
    var unused = letGo();
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
