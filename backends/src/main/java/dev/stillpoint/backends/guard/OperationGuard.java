package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.lock.GuardPlace;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guard of one operation. It is started while the operation prepares, armed before the first
 * freeze or pause is written, and let go of when nothing is owed any more. {@link GuardedFreezer}
 * and {@link GuardedPauser} share it; whoever made it calls {@link #end} when the operation is
 * over. Safe for use by several threads.
 */
public final class OperationGuard {
  private static final Logger log = LoggerFactory.getLogger(OperationGuard.class);
  private static final ExecutorService WORKERS =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().name("stillpoint-guard-", 0).daemon().factory());

  private final Guards guards;
  private final String operationId;
  private final String what;
  private final Optional<Path> journal;
  private final CompletableFuture<String> stoodStill = new CompletableFuture<>();
  private final CompletableFuture<Void> thawAsked = new CompletableFuture<>();
  private @Nullable CompletableFuture<Guard> starting;
  private @Nullable CompletableFuture<Guard> arming;
  private @Nullable QmpClient pausing;
  private @Nullable QgaClient agent;
  private Optional<ProcessIdentity> qemu = Optional.empty();
  private volatile @Nullable Guard armed;

  /** Lets go of a pause; made before there is one. */
  private volatile @Nullable Runnable resumed;

  private volatile boolean thawOwed;
  private volatile boolean resumeOwed;
  private boolean ended;
  private boolean handedOver;

  /**
   * A guard that is not started yet.
   *
   * @param guards where it comes from
   * @param what what the operation does, for a person, such as {@code snapshot nightly}
   * @param journal the operation's file, to which the guard adds what it did; empty for none
   */
  public OperationGuard(Guards guards, String operationId, String what, Optional<Path> journal) {
    this.guards = guards;
    this.operationId = operationId;
    this.what = what;
    this.journal = journal;
  }

  /** Begins to start the process, the first time. */
  void begin() {
    var unused = started();
  }

  /** Completes when the process is there, or will never be. */
  CompletionStage<Void> awaitStart() {
    return started().handle((guard, thrown) -> null);
  }

  private synchronized CompletableFuture<Guard> started() {
    CompletableFuture<Guard> known = starting;
    if (known == null) {
      known = CompletableFuture.supplyAsync(this::taken, WORKERS);
      starting = known;
    }
    return known;
  }

  private Guard taken() {
    try {
      return guards.take();
    } catch (IOException | RuntimeException e) {
      throw new CompletionException(e);
    }
  }

  /** The operation will pause the machine: what is armed from now on owes a {@code cont} too. */
  synchronized void willPause(QmpClient monitor) {
    pausing = monitor;
    lookFor(monitor.peerPid());
    begin();
  }

  /**
   * Arms it before a freeze is written.
   *
   * @return completes when it is; exceptionally when there is no guard
   */
  synchronized CompletionStage<Guard> armForFreeze(QgaClient client) {
    agent = client;
    thawOwed = true;
    lookFor(client.peerPid());
    return arm();
  }

  /** A connection that has ended does not tell any more. */
  private void lookFor(OptionalLong peer) {
    if (peer.isPresent() && qemu.isEmpty()) {
      qemu = ProcessIdentity.ofQemu(peer.getAsLong());
    }
  }

  /** Arms it for a pause that was announced, which must not be done in the hold. */
  synchronized CompletionStage<?> armForPlannedPause() {
    return pausing == null ? CompletableFuture.completedFuture(null) : armForPause();
  }

  /** Arms it before a pause is written, unless it is. */
  synchronized CompletionStage<Guard> armForPause() {
    CompletableFuture<Guard> known = arming;
    resumeOwed = true;
    return known == null ? arm() : known;
  }

  private CompletableFuture<Guard> arm() {
    if (ended) {
      return CompletableFuture.failedFuture(new IOException("the operation has ended"));
    }
    CompletableFuture<Guard> known = started().thenApplyAsync(this::armed, WORKERS);
    arming = known;
    return known;
  }

  private Guard armed(Guard guard) {
    try {
      return arm(guard, OperationGuard::required);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /** Which of our connections a guard gets a duplicate of. */
  private interface Passing {
    Optional<FileDescriptor> of(Endpoint endpoint, Optional<FileDescriptor> descriptor);
  }

  private Guard arm(Guard guard, Passing passing) throws IOException {
    Optional<QmpClient> monitor;
    Optional<QgaClient> frozen;
    synchronized (this) {
      monitor = Optional.ofNullable(pausing);
      frozen = Optional.ofNullable(agent);
    }
    guard.arm(
        order(monitor, frozen),
        monitor.flatMap(client -> passing.of(client.endpoint(), client.descriptor())),
        frozen.flatMap(client -> passing.of(client.endpoint(), client.descriptor())));
    var unused = guard.stoodStill().thenAccept(stoodStill::complete);
    var unusedToo = guard.thawAsked().thenAccept(thawAsked::complete);
    resumed = guard::resumed;
    armed = guard;
    return guard;
  }

  private Order order(Optional<QmpClient> monitor, Optional<QgaClient> frozen) throws IOException {
    List<Endpoint> machine = new ArrayList<>();
    monitor.map(QmpClient::endpoint).ifPresent(machine::add);
    frozen.map(QgaClient::endpoint).ifPresent(machine::add);
    GuardPlace place = GuardPlace.of(machine, qemu, operationId, what);
    return new Order(
        operationId,
        what,
        ProcessIdentity.current(),
        Guard.DEADLINE.toNanos(),
        qemu,
        frozen.map(client -> absolute(client.endpoint())),
        monitor.map(client -> absolute(client.endpoint())),
        journal,
        place.locks(),
        place.note(),
        Optional.of(place.door()));
  }

  /** The guard works in another directory. */
  private static String absolute(Endpoint endpoint) {
    return endpoint instanceof Endpoint.Unix unix
        ? Endpoint.unix(unix.path().toAbsolutePath()).toString()
        : endpoint.toString();
  }

  /** Nothing is written over a connection that has ended, and so nothing would be owed. */
  private static Optional<FileDescriptor> required(
      Endpoint endpoint, Optional<FileDescriptor> descriptor) {
    if (endpoint instanceof Endpoint.Unix && descriptor.isEmpty()) {
      throw new IllegalStateException("the connection to " + endpoint + " has ended");
    }
    return descriptor;
  }

  /** Why there is no guard, and so nothing is done that would need one. */
  static Failure unguarded(Throwable thrown, String instead) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return Failure.of(
        ErrorCode.GUARD_FAILED, "no guard, so no " + instead + ": " + cause.getMessage());
  }

  /** Whether the connections are ours to write to for sure. Costs a look at the clock. */
  boolean isFresh() {
    Guard guard = armed;
    return guard == null || guard.isFresh();
  }

  /** Asks the guard, on another thread; false when nothing is owed any more. */
  CompletionStage<Boolean> isStillOurs() {
    Guard guard = armed;
    return guard == null
        ? CompletableFuture.completedFuture(true)
        : CompletableFuture.supplyAsync(guard::isStillOurs, WORKERS);
  }

  /** The thaw is proved, or the freeze was not written. */
  void thawed(boolean proved) {
    thawOwed = false;
    Guard guard = armed;
    if (guard != null && proved) {
      WORKERS.execute(guard::thawed);
    }
  }

  /** The machine is seen running, or {@code stop} was not written. */
  void resumed(boolean proved) {
    resumeOwed = false;
    Runnable letGo = resumed;
    if (letGo != null && proved) {
      WORKERS.execute(letGo);
    }
  }

  /**
   * Completes when this process is found to have stood still for so long that the guard took over;
   * with what the guard did. Then the freeze is no proof of anything any more.
   */
  public CompletionStage<String> stoodStill() {
    return stoodStill.minimalCompletionStage();
  }

  /** Completes when somebody, such as {@code stillpoint thaw}, wants the guest thawed now. */
  public CompletionStage<Void> thawAsked() {
    return thawAsked.minimalCompletionStage();
  }

  /**
   * Ends it: where something may be owed still, the clients are closed, and the guard has the
   * connections and pursues it. Waits a moment for a guard that is let go of. A second time it does
   * nothing.
   */
  public void end() {
    CompletableFuture<Guard> known;
    CompletableFuture<Guard> last;
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      known = starting;
      last = arming == null ? starting : arming;
    }
    if (known == null || last == null) {
      return;
    }
    // Let go of while it is being armed, it would be armed for ever.
    if (last.isDone()) {
      var unused = known.thenAccept(this::letGo);
    } else {
      var unused =
          last.handleAsync((guard, thrown) -> !known.isCompletedExceptionally(), WORKERS)
              .thenAccept(there -> {
                if (there) {
                  letGo(known.join());
                }
              });
    }
  }

  private void letGo(Guard guard) {
    if ((thawOwed || resumeOwed) && armed != null) {
      Optional<Guard> pursuing = guard.isGone() ? successor(guard) : Optional.of(guard);
      pursuing.ifPresent(this::handOver);
      return;
    }
    guard.disarm();
    guards.giveBack(guard);
  }

  /**
   * Somebody has ended the guard, and just now it is needed: another one takes its place, with the
   * connections, or without where they have ended, too. Empty when there can be none.
   */
  private Optional<Guard> successor(Guard gone) {
    gone.close();
    armed = null;
    resumed = null;
    return armed((endpoint, descriptor) -> descriptor)
        .or(() -> armed((endpoint, descriptor) -> Optional.empty()));
  }

  private Optional<Guard> armed(Passing passing) {
    Optional<Guard> next = Optional.empty();
    try {
      next = Optional.of(guards.take());
      return Optional.of(arm(next.get(), passing));
    } catch (IOException | RuntimeException e) {
      next.ifPresent(Guard::close);
      log.warn("the guard is gone, and no other takes its place: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private synchronized void handOver(Guard guard) {
    handedOver = true;
    QgaClient frozen = agent;
    QmpClient paused = pausing;
    if (thawOwed && frozen != null) {
      frozen.close();
    }
    if (resumeOwed && paused != null) {
      paused.close();
    }
    guard.close();
  }

  /** Who goes on with what is owed after the operation's end, in words; empty where nobody does. */
  public synchronized Optional<String> pursuer() {
    Guard guard = armed;
    return handedOver && guard != null
        ? Optional.of(
            "the guard, process "
                + guard.pid()
                + ", goes on with it until that is proved or the machine is gone; 'stillpoint"
                + " status' tells how far it is")
        : Optional.empty();
  }
}
