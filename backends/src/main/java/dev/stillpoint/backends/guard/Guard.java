package dev.stillpoint.backends.guard;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * Our end of a guard: a companion process that resumes and thaws the machine if this one is killed
 * or stopped while it owes that. Started and armed before the freeze or the pause; {@link #disarm}
 * once nothing is owed; {@link #close} without that hands the obligation over. Safe for use by
 * several threads.
 */
final class Guard implements AutoCloseable {
  /** How long this process may stand still before the guard takes over. */
  static final Duration DEADLINE = Duration.ofSeconds(5);

  static final Duration HEARTBEAT = Duration.ofSeconds(1);

  /** So much before the deadline we ask before we write: the guard may be about to. */
  static final Duration MARGIN = Duration.ofSeconds(1);

  /** How long a guard may take to answer. One that does not stands still, and writes nothing. */
  static final Duration ANSWER = Duration.ofSeconds(5);

  /**
   * How many signs of life may be unanswered before we give no more: a guard that stands still
   * reads nothing, and a write to it must never block us.
   */
  static final int MAX_UNHEARD = 60;

  /** How long the end of an operation may wait for its guard. */
  private static final Duration FAREWELL = Duration.ofSeconds(2);

  /** One thread for the heartbeats of all: it writes a word, and asks only after a standstill. */
  private static final ScheduledExecutorService HEART =
      Executors.newScheduledThreadPool(
          2, Thread.ofPlatform().name("stillpoint-guard-heart-", 0).daemon().factory());

  /** Whoever has to ask waits for the answer; that must not hold up the heartbeats of others. */
  private static final ExecutorService ASKING =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().name("stillpoint-guard-asking-", 0).daemon().factory());

  /**
   * How many start at a time. More would only be slower each, and too late for {@link
   * GuardLaunch#PATIENCE} where a hundred operations begin at once.
   */
  static final int MAX_STARTING = Math.max(2, Runtime.getRuntime().availableProcessors());

  private static final Semaphore STARTING = new Semaphore(MAX_STARTING);

  private final Words words;
  private final LongSupplier clock;
  private final AtomicInteger unheard = new AtomicInteger();
  private volatile CompletableFuture<String> stoodStill = new CompletableFuture<>();
  private volatile CompletableFuture<Void> thawAsked = new CompletableFuture<>();
  private @Nullable ScheduledFuture<?> beating;
  private volatile long extendedNanos;
  private volatile boolean lost;
  private volatile boolean armed;
  private volatile long pid;
  private long questions;

  Guard(Words words, LongSupplier clock) {
    this.words = words;
    this.clock = clock;
  }

  /**
   * Starts a guard and waits until it is there; first, perhaps, for others that start.
   *
   * @throws IOException when it does not start
   */
  static Guard start(GuardLaunch launch) throws IOException {
    STARTING.acquireUninterruptibly();
    try {
      return started(launch);
    } finally {
      STARTING.release();
    }
  }

  private static Guard started(GuardLaunch launch) throws IOException {
    Path directory = Files.createTempDirectory("stillpoint-guard");
    Path socket = directory.resolve(GuardProcess.SOCKET);
    try (AFUNIXServerSocketChannel server = AFUNIXServerSocketChannel.open()) {
      server.bind(AFUNIXSocketAddress.of(socket));
      Process process = launch.launch(GuardProcess.class.getName(), List.of(directory.toString()));
      AFUNIXSocketChannel control = accept(server, process);
      var asked = new CompletableFuture<Guard>();
      var line = ControlLine.over(control, said -> isForNobody(said, asked));
      var guard = new Guard(line, System::nanoTime);
      asked.complete(guard);
      boolean ready = false;
      try {
        guard.greet();
        ready = true;
        return guard;
      } finally {
        if (!ready) {
          guard.close();
          process.destroyForcibly();
        }
      }
    } finally {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(directory);
    }
  }

  /**
   * What is said without a question of ours. It may come in the hold, where no class is to be
   * loaded: so there is no lambda here.
   */
  private static boolean isForNobody(String said, CompletableFuture<Guard> guard) {
    boolean asked = said.equals(GuardProcess.ASKED);
    boolean heard = said.equals(GuardWatch.HEARD);
    if (!guard.isDone()) {
      return asked || heard;
    }
    if (asked) {
      guard.join().thawAsked.complete(null);
    }
    if (heard) {
      guard.join().heard();
    }
    return asked || heard;
  }

  /** One sign of life was answered. */
  void heard() {
    if (unheard.decrementAndGet() < 0) {
      unheard.incrementAndGet();
    }
  }

  private static AFUNIXSocketChannel accept(AFUNIXServerSocketChannel server, Process process)
      throws IOException {
    server.configureBlocking(false);
    long end = System.nanoTime() + GuardLaunch.PATIENCE.toNanos();
    while (process.isAlive() && System.nanoTime() - end < 0) {
      AFUNIXSocketChannel control = server.accept();
      if (control != null) {
        return control;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    process.destroyForcibly();
    throw new IOException("the guard process did not start");
  }

  /**
   * Hands the guard duplicates of the machine's connections. From here on it resumes and thaws
   * unless it hears from us.
   *
   * @param monitor the monitor's connection; empty where there is none to pass on
   * @param agent the agent's
   * @throws IOException when it is not armed; then it is of no more use
   */
  synchronized void arm(
      Order order, Optional<FileDescriptor> monitor, Optional<FileDescriptor> agent)
      throws IOException {
    stoodStill = new CompletableFuture<>();
    thawAsked = new CompletableFuture<>();
    unheard.set(0);
    try {
      handOver(order, monitor, agent);
    } catch (IOException e) {
      // It may have descriptors by now: no other operation is to get a guard that has.
      lost = true;
      throw e;
    }
    armed = true;
    long period = HEARTBEAT.toMillis();
    beating = HEART.scheduleWithFixedDelay(this::pulse, period, period, TimeUnit.MILLISECONDS);
  }

  private void handOver(
      Order order, Optional<FileDescriptor> monitor, Optional<FileDescriptor> agent)
      throws IOException {
    if (monitor.isPresent()) {
      words.say("monitor", monitor.get());
      expect("have");
    }
    if (agent.isPresent()) {
      words.say("agent", agent.get());
      expect("have");
    }
    extendedNanos = clock.getAsLong();
    words.say(order.line());
    expect("armed");
  }

  private void pulse() {
    if (isFresh()) {
      beat();
    } else {
      ASKING.execute(this::beat);
    }
  }

  /** Says that we are there. Who notices that he stood still asks instead, and at once. */
  void beat() {
    if (!isFresh()) {
      var unused = isStillOurs();
      return;
    }
    long now = clock.getAsLong();
    try {
      if (unheard.getAndIncrement() < MAX_UNHEARD) {
        words.say("extend");
      } else {
        unheard.set(MAX_UNHEARD);
      }
      extendedNanos = now;
    } catch (IOException e) {
      // The guard is gone; who asks it is told.
    }
  }

  /**
   * Whether this process has not stood still, so that the machine's connections are ours to write
   * to for sure. Costs a look at the clock. Otherwise {@link #isStillOurs} tells.
   */
  boolean isFresh() {
    return !lost && clock.getAsLong() - extendedNanos < DEADLINE.minus(MARGIN).toNanos();
  }

  /**
   * Asks the guard whether the machine's connections are still ours. Where it has taken over, it
   * stops and leaves them to us, unless it is done.
   *
   * @return false when nothing is owed any more; true also where there is no guard any more
   */
  synchronized boolean isStillOurs() {
    if (lost || isFresh()) {
      return !lost;
    }
    try {
      String number = Long.toString(++questions);
      words.say("ask " + number);
      judge(answer(number));
    } catch (IOException e) {
      // There is no guard any more.
      extendedNanos = clock.getAsLong();
    }
    return !lost;
  }

  private void judge(String answer) {
    switch (answer) {
      case "armed" -> extendedNanos = clock.getAsLong();
      case "back" -> {
        // In this order: whoever finds it fresh again also finds that it stood still.
        stoodStill.complete("the guard had begun to thaw it");
        extendedNanos = clock.getAsLong();
      }
      case Words.SILENCE, Words.ENDED, GuardWatch.GAVE_UP -> {
        // It writes nothing: it is gone or has given up, or hears our question before it goes on.
        extendedNanos = clock.getAsLong();
      }
      default -> {
        lost = true;
        stoodStill.complete("the guard has thawed it");
      }
    }
  }

  /** The word before the number of our question. */
  private String answer(String number) {
    long end = System.nanoTime() + ANSWER.toNanos();
    while (true) {
      String said = words.hear(Math.max(0, end - System.nanoTime()));
      if (said.equals(Words.SILENCE) || said.equals(Words.ENDED)) {
        return said;
      }
      String[] parts = said.split(" ", -1);
      if (parts.length > 1 && parts[1].equals(number)) {
        return said.endsWith(GuardWatch.GAVE_UP) ? GuardWatch.GAVE_UP : parts[0];
      }
    }
  }

  /** Completes, with what the guard did, when this process is found to have stood still. */
  CompletionStage<String> stoodStill() {
    return stoodStill.minimalCompletionStage();
  }

  /** Completes when somebody wants the guest thawed now. */
  CompletionStage<Void> thawAsked() {
    return thawAsked.minimalCompletionStage();
  }

  /** The machine runs again; a {@code cont} is owed no more. */
  void resumed() {
    tell("resumed");
  }

  /** The guest is thawed. */
  void thawed() {
    tell("thawed");
  }

  private void tell(String word) {
    try {
      words.say(word);
    } catch (IOException e) {
      // It is gone.
    }
  }

  /** Nothing is owed any more; waits a moment until the guard has let go of its locks. */
  synchronized void disarm() {
    if (!armed) {
      return;
    }
    armed = false;
    stopBeating();
    try {
      words.say("disarm");
      long end = System.nanoTime() + FAREWELL.toNanos();
      String said = "";
      while (!said.equals("disarmed")) {
        said = words.hear(Math.max(0, end - System.nanoTime()));
        if (said.equals(Words.SILENCE) || said.equals(Words.ENDED)) {
          // One that stands still does not serve again, and goes when it hears all this.
          lost = true;
          return;
        }
      }
    } catch (IOException e) {
      lost = true;
    }
  }

  private synchronized void stopBeating() {
    ScheduledFuture<?> heart = beating;
    if (heart != null) {
      heart.cancel(false);
    }
  }

  /** Whether it can serve another operation. */
  boolean isThere() {
    return !lost && !armed && words.hear(0).equals(Words.SILENCE);
  }

  /** Whether its process has ended. */
  boolean isGone() {
    return words.hear(0).equals(Words.ENDED);
  }

  private void greet() throws IOException {
    String said = words.hear(GuardLaunch.PATIENCE.toNanos());
    if (!said.startsWith(GuardProcess.READY)) {
      throw new IOException(instead(said, "ready"));
    }
    pid = Long.parseLong(said.substring(GuardProcess.READY.length()));
  }

  private void expect(String word) throws IOException {
    String said = words.hear(GuardLaunch.PATIENCE.toNanos());
    if (!said.equals(word)) {
      throw new IOException(instead(said, word));
    }
  }

  private static String instead(String said, String word) {
    return switch (said) {
      case Words.ENDED -> "the guard is gone";
      case Words.SILENCE -> "the guard does not answer";
      default -> "the guard said '" + said + "' and not '" + word + "'";
    };
  }

  /** The guard's own process; 0 until it has said so. */
  long pid() {
    return pid;
  }

  /** Lets go of the guard: unless it was disarmed, it takes over what is owed. */
  @Override
  public void close() {
    stopBeating();
    words.close();
  }
}
