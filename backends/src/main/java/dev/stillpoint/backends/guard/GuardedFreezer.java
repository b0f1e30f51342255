package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A freezer with a guard beside it, which is armed before the freeze is written and let go after
 * the thaw is proved. Released before that, it hands the obligation over. What runs in the hold is
 * a look at the clock, and the handlers for it are made beforehand.
 */
public final class GuardedFreezer implements Freezer {
  private static final ExecutorService WORKERS =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().name("stillpoint-guard-", 0).daemon().factory());

  private final Freezer inner;
  private final String operationId;
  private final Path journal;
  private final QgaClient agent;
  private final CompletableFuture<Guard> starting;
  private final Function<ThawReport, ThawReport> letGo = this::letGo;
  private volatile @Nullable Guard armed;
  private volatile boolean frozenByUs;
  private boolean thawAsked;

  private GuardedFreezer(
      Freezer inner,
      String operationId,
      Path journal,
      QgaClient agent,
      CompletableFuture<Guard> starting) {
    this.inner = inner;
    this.operationId = operationId;
    this.journal = journal;
    this.agent = agent;
    this.starting = starting;
  }

  /**
   * Begins to start a guard for this freezer. An agent that is not behind a unix socket has none: a
   * connection of another kind cannot be passed on.
   *
   * @param inner freezes and thaws over the agent's connection
   * @param journal the operation's file, to which the guard adds what it did
   */
  public static Freezer guarded(Freezer inner, String operationId, Path journal, QgaClient agent) {
    if (!(agent.endpoint() instanceof Endpoint.Unix)) {
      return inner;
    }
    return new GuardedFreezer(
        inner, operationId, journal, agent, CompletableFuture.supplyAsync(() -> begun(), WORKERS));
  }

  private static Guard begun() {
    try {
      return Guard.start();
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  @Override
  public CompletionStage<FreezeReport> freeze(Deadline deadline) {
    return starting
        .thenApplyAsync(this::arm, WORKERS)
        .exceptionally(GuardedFreezer::unguarded)
        .thenCompose(guard -> handOver(guard, deadline));
  }

  /** What is written after a thaw was asked for would freeze a guest that is called thawed. */
  private synchronized CompletionStage<FreezeReport> handOver(Guard guard, Deadline deadline) {
    if (thawAsked) {
      frozenByUs = false;
      WORKERS.execute(guard::disarm);
      throw FreezeException.notWritten(
          Failure.of(ErrorCode.FREEZE_FAILED, "the guard was not ready before the thaw was due"));
    }
    return inner.freeze(deadline);
  }

  private static Guard unguarded(Throwable thrown) {
    Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
    throw FreezeException.notWritten(
        Failure.of(ErrorCode.GUARD_FAILED, "no guard, so no freeze: " + cause.getMessage()));
  }

  private Guard arm(Guard guard) {
    Endpoint.Unix endpoint = (Endpoint.Unix) agent.endpoint();
    Optional<FileDescriptor> connection = agent.descriptor();
    OptionalLong peer = agent.peerPid();
    Optional<ProcessIdentity> machine =
        peer.isPresent() ? ProcessIdentity.ofQemu(peer.getAsLong()) : Optional.empty();
    if (connection.isEmpty()) {
      throw new IllegalStateException("the connection to the agent has ended");
    }
    try {
      guard.arm(operationId, connection.get(), machine, endpoint.path(), journal);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
    frozenByUs = true;
    armed = guard;
    return guard;
  }

  @Override
  public CompletionStage<ThawReport> thaw(Deadline deadline) {
    refuseToFreeze();
    Guard guard = armed;
    if (guard == null) {
      return inner.thaw(deadline);
    }
    if (guard.isFresh()) {
      return inner.thaw(deadline).thenApply(letGo);
    }
    return CompletableFuture.supplyAsync(guard::isStillOurs, WORKERS)
        .thenCompose(ours -> ours ? inner.thaw(deadline).thenApply(letGo) : takenOver());
  }

  private synchronized void refuseToFreeze() {
    thawAsked = true;
  }

  private ThawReport letGo(ThawReport proof) {
    frozenByUs = false;
    Guard guard = armed;
    if (guard != null) {
      WORKERS.execute(guard::disarm);
    }
    return proof;
  }

  /** This process stood still, and the guard has thawed the guest meanwhile. */
  private CompletionStage<ThawReport> takenOver() {
    frozenByUs = false;
    long now = System.nanoTime();
    return CompletableFuture.completedFuture(
        new ThawReport(
            Consistency.CRASH,
            List.of(
                "this process stood still for too long, and the guard thawed the guest: that the"
                    + " freeze held is not proved"),
            List.of(),
            now,
            now));
  }

  /** Ends our use of the connection; a guard that was not disarmed takes over what is owed. */
  @Override
  public void release() {
    inner.release();
    var unused =
        starting.whenComplete((guard, thrown) -> {
          if (guard == null) {
            return;
          }
          if (frozenByUs) {
            agent.close();
            guard.close();
          } else {
            WORKERS.execute(guard::disarm);
          }
        });
  }
}
