package dev.stillpoint.testkit.proxy;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.LineSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A stranger on the agent's socket, as monitoring tools are: again and again it connects, resyncs,
 * pings and leaves. While somebody else is served it waits in the queue as long as its patience
 * lasts, and what it has asked by then stays in the pipe. It never freezes and never thaws. {@link
 * #close} ends it; methods may be called from any thread.
 */
public final class ForeignPoller implements AutoCloseable {
  private static final Duration END_LIMIT = Duration.ofSeconds(10);

  /** Between two rounds: enough that others find the place free, and often enough to be met. */
  private static final Duration PAUSE = Duration.ofMillis(10);

  private final Path agent;
  private final Duration patience;
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final Thread thread;
  private volatile boolean closing;

  private ForeignPoller(Path agent, Duration patience) {
    this.agent = agent;
    this.patience = patience;
    this.thread = new Thread(this::run, "stillpoint-poller");
    thread.setDaemon(true);
  }

  /**
   * Starts to poll.
   *
   * @param agent the host's end of an agent's channel, or a proxy before it
   * @param patience how long it waits for an answer before it leaves
   */
  public static ForeignPoller on(Path agent, Duration patience) {
    var poller = new ForeignPoller(agent, patience);
    poller.thread.start();
    return poller;
  }

  /** Rounds in which the ping was answered. */
  public int answered() {
    return answered.get();
  }

  /** Rounds that ended otherwise: no place in the queue, no answer in time, a lost connection. */
  public int unanswered() {
    return unanswered.get();
  }

  /**
   * Waits for so many more rounds, however they end.
   *
   * @throws IllegalStateException if they do not come within the limit
   */
  public void awaitRounds(int more, Duration limit) {
    int before = rounds();
    if (!Deadline.in(limit).await(() -> rounds() >= before + more)) {
      throw new IllegalStateException(
          "the poller made %d rounds of %d within %s".formatted(rounds() - before, more, limit));
    }
  }

  private int rounds() {
    return answered() + unanswered();
  }

  private void run() {
    for (long id = 1; !closing; id++) {
      try {
        poll(id);
        answered.incrementAndGet();
      } catch (IOException e) {
        unanswered.incrementAndGet();
      }
      if (!closing) {
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  private void poll(long id) throws IOException {
    try (LineSocket socket = LineSocket.connect(agent)) {
      Deadline deadline = Deadline.in(patience);
      socket.send(new byte[] {(byte) 0xFF});
      socket.send(
          "{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":%d}}\n".formatted(id));
      awaitLine(socket, "{\"return\": %d}".formatted(id), deadline);
      socket.send("{\"execute\":\"guest-ping\"}\n");
      awaitLine(socket, "{\"return\": {}}", deadline);
    }
  }

  private static void awaitLine(LineSocket socket, String end, Deadline deadline)
      throws IOException {
    while (!socket.readLine(deadline).endsWith(end)) {
      // An answer to somebody who left.
    }
  }

  /** Ends the poller at once, whatever it waits for. A second call does nothing. */
  @Override
  public void close() {
    closing = true;
    thread.interrupt();
    try {
      thread.join(END_LIMIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
