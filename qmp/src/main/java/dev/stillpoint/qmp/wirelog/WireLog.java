package dev.stillpoint.qmp.wirelog;

import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A file of what went over the wire of one or more connections, a line for each message:
 *
 * <pre>2026-03-01T12:00:00.000042Z qmp -&gt; {"execute":"query-status","id":1}</pre>
 *
 * The time is UTC; {@code ->} is what was sent. Secrets are replaced ({@link
 * dev.stillpoint.qmp.secret.Redaction}), and long lines are cut.
 *
 * <p>A thread of its own writes it. Those who speak over the wire only leave a copy of the bytes,
 * and never wait: where they leave more than {@link #MAX_WAITING} lines or {@link
 * #MAX_WAITING_BYTES} bytes, lines are lost, and the file says how many. Trouble with the file
 * disturbs nobody; it is told once, and nothing more is written then.
 */
public final class WireLog implements AutoCloseable {
  /** How many characters of a message are written; the rest is told by its length. */
  public static final int MAX_LENGTH = 16 * 1024;

  /** How many lines wait to be written. */
  public static final int MAX_WAITING = 1024;

  /** How many bytes wait to be written. */
  public static final int MAX_WAITING_BYTES = 16 * 1024 * 1024;

  /** How long the end may take to write what waits. */
  public static final Duration CLOSING = Duration.ofSeconds(2);

  private final Writer writer;
  private final Consumer<IOException> onFailure;
  private final ArrayDeque<Line> waiting = new ArrayDeque<>();
  private final Thread thread;
  private long waitingBytes;
  private long lostSinceLast;
  private long dropped;
  private boolean ending;

  private WireLog(Writer writer, Consumer<IOException> onFailure) {
    this.writer = writer;
    this.onFailure = onFailure;
    this.thread = Thread.ofPlatform().name("stillpoint-wire-log").daemon().unstarted(this::write);
  }

  /**
   * Opens a file, which is made with mode 0600, or appended to.
   *
   * @param onFailure is told, once and on the log's own thread, when it can be written no more
   * @throws IOException when it cannot be opened, or is no plain file
   */
  public static WireLog open(Path file, Consumer<IOException> onFailure) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IOException(file + " is no plain file");
    }
    var channel =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return to(Channels.newWriter(channel, StandardCharsets.UTF_8), onFailure);
  }

  /** The same to any writer, which is used by one thread and flushed whenever nothing waits. */
  public static WireLog to(Writer writer, Consumer<IOException> onFailure) {
    var log = new WireLog(writer, onFailure);
    log.thread.start();
    return log;
  }

  /**
   * A connection whose messages are to be written.
   *
   * @param name stands before each of them, such as {@code qmp}
   */
  public Connection connection(String name) {
    return new Connection(name);
  }

  /** How many lines were lost. */
  public synchronized long dropped() {
    return dropped;
  }

  /** Writes what waits, for {@link #CLOSING} at most, and ends. */
  @Override
  public void close() {
    synchronized (this) {
      ending = true;
      notifyAll();
    }
    try {
      thread.join(CLOSING);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void add(Line line) {
    if (ending
        || waiting.size() >= MAX_WAITING
        || waitingBytes + line.bytes().capacity() > MAX_WAITING_BYTES) {
      dropped++;
      lostSinceLast++;
      return;
    }
    waiting.add(line);
    waitingBytes += line.bytes().capacity();
    notifyAll();
  }

  private void write() {
    try (Writer closing = writer) {
      for (Next next = next(); next != null; next = next()) {
        Line line = next.line();
        if (line != null) {
          closing.write(line.conversation().text(line) + "\n");
        }
        if (next.lost() > 0) {
          closing.write("(" + next.lost() + " lines were lost here)\n");
        }
        if (next.last()) {
          closing.flush();
        }
      }
    } catch (IOException e) {
      end(e);
    } catch (RuntimeException | Error e) {
      end(new IOException(e));
    }
  }

  private void end(IOException why) {
    synchronized (this) {
      ending = true;
      waiting.clear();
    }
    onFailure.accept(why);
  }

  /** The next line, or that some were lost; null at the end. */
  private synchronized @Nullable Next next() {
    boolean interrupted = false;
    while (waiting.isEmpty() && lostSinceLast == 0 && !ending) {
      try {
        wait();
      } catch (InterruptedException e) {
        // Nobody has a reason to interrupt this thread; the end is told by close.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    Line line = waiting.poll();
    if (line != null) {
      waitingBytes -= line.bytes().capacity();
    }
    long lost = waiting.isEmpty() ? lostSinceLast : 0;
    lostSinceLast -= lost;
    return line == null && lost == 0 ? null : new Next(line, lost, waiting.isEmpty());
  }

  private record Next(@Nullable Line line, long lost, boolean last) {}

  /** A message on its way into the file. */
  record Line(
      Conversation conversation, boolean sent, boolean withFile, Instant at, ByteBuffer bytes) {}

  /** One connection. Its messages are to be given in their order. */
  public final class Connection {
    private final Conversation conversation;

    private Connection(String name) {
      conversation = new Conversation(name);
    }

    /**
     * A message that was sent, with or without its line's end.
     *
     * @param bytes are kept, and must not change
     * @param withFile whether an open file went with it
     */
    public void sent(byte[] bytes, boolean withFile) {
      add(new Line(conversation, true, withFile, Instant.now(), ByteBuffer.wrap(bytes)));
    }

    /**
     * A message that came in.
     *
     * @param bytes are kept, and must not change
     */
    public void received(byte[] bytes) {
      add(new Line(conversation, false, false, Instant.now(), ByteBuffer.wrap(bytes)));
    }
  }
}
