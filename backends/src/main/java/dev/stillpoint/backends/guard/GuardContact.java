package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.lock.GuardPlace;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The guard of somebody else's operation, as it is asked from another process, through its socket.
 * Every method blocks its caller, within the time that it is given.
 */
public final class GuardContact {
  /** More than any answer has, in characters, but for the signs of life of a guard at work. */
  static final int MAX_ANSWER = 16 * 1024;

  private static final Duration POLL = Duration.ofMillis(10);
  private static final String RESULT = "result: ";

  private final Path door;

  private GuardContact(Path door) {
    this.door = door;
  }

  /**
   * The guard of a machine.
   *
   * @return empty where there is none, be it that nothing is frozen or that the operation has no
   *     guard
   */
  public static Optional<GuardContact> of(Collection<Endpoint> machine) {
    return GuardPlace.doors(machine).stream()
        .filter(door -> Files.exists(door, LinkOption.NOFOLLOW_LINKS))
        .map(GuardContact::new)
        .findFirst();
  }

  /**
   * What it says of itself.
   *
   * @return empty when it does not answer, as it has gone by now
   */
  public Optional<GuardState> state(Duration timeout) {
    try {
      return Optional.of(GuardState.parse(ask("status\n", timeout)));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * Wants the guest thawed now. Where its owner lives, that one is asked to end its hold; where the
   * guard is at it alone, that is awaited.
   *
   * @return how it ended, {@code thawed}, {@code resumed}, {@code gone}, {@code gave up} or {@code
   *     released} (nothing was owed); empty when that was not told in time
   */
  public Optional<String> thaw(Duration bound) {
    try {
      String said = ask("thaw\n", bound);
      int at = said.indexOf(RESULT);
      return at < 0 ? Optional.empty() : Optional.of(said.substring(at + RESULT.length()).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private String ask(String question, Duration timeout) throws IOException {
    long end = System.nanoTime() + timeout.toNanos();
    try (SocketChannel guard = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      guard.configureBlocking(false);
      boolean connected = guard.connect(UnixDomainSocketAddress.of(door));
      while (!connected && System.nanoTime() - end < 0) {
        LockSupport.parkNanos(POLL.toNanos());
        connected = guard.finishConnect();
      }
      guard.write(ByteBuffer.wrap(question.getBytes(StandardCharsets.UTF_8)));
      return answer(guard, end);
    }
  }

  /** Everything until the guard ends the connection; what has come when the time is over. */
  private static String answer(SocketChannel guard, long end) throws IOException {
    var text = new StringBuilder();
    ByteBuffer chunk = ByteBuffer.allocate(1024);
    while (System.nanoTime() - end < 0) {
      int count = guard.read(chunk.clear());
      if (count < 0) {
        break;
      }
      if (count == 0) {
        LockSupport.parkNanos(POLL.toNanos());
        continue;
      }
      String more = new String(chunk.array(), 0, count, StandardCharsets.UTF_8);
      if (!more.isBlank() && text.length() < MAX_ANSWER) {
        text.append(more);
      }
    }
    return text.toString();
  }
}
