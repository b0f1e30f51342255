package dev.stillpoint.qmp.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A program whose standard input and output are carried to and from one end of a socket pair, each
 * by a thread of its own. When the pair's other end is closed, the program loses its input, and
 * ends or is ended; when the program ends, so does the connection.
 */
final class ChildProcess {
  /** How long a program may go on after its input has ended, and then after SIGTERM. */
  static final Duration GRACE = Duration.ofSeconds(2);

  /** How long after the end of its output the program's own end is awaited, to tell of it. */
  static final Duration EXIT = Duration.ofSeconds(1);

  /** The last so many bytes of what it wrote to its standard error are told. */
  static final int KEPT_STDERR_BYTES = 1_000;

  private static final int CHUNK = 64 * 1024;

  private final Process process;
  private final ByteChannel end;
  private final StringBuilder stderr = new StringBuilder();
  private final Thread errors = thread("err", this::keepErrors);
  private volatile String ending = "";

  /**
   * A program that runs.
   *
   * @param end our end of the pair, in blocking mode; closed by this class
   */
  ChildProcess(Process process, ByteChannel end) {
    this.process = process;
    this.end = end;
  }

  void start() {
    errors.start();
    thread("out", this::carryOutput).start();
    thread("in", this::carryInput).start();
  }

  static Thread thread(String role, Runnable work) {
    return Thread.ofPlatform().name("stillpoint-exec-" + role).daemon().unstarted(work);
  }

  /** How the program ended; empty while it runs. */
  Optional<String> ending() {
    return ending.isEmpty() ? Optional.empty() : Optional.of(ending);
  }

  private void carryInput() {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    try (OutputStream to = process.getOutputStream()) {
      while (end.read(chunk.clear()) > 0) {
        to.write(chunk.array(), 0, chunk.position());
        to.flush();
      }
    } catch (IOException e) {
      // The program reads no more, or the connection is gone: either way that was the last byte.
    }
    finish();
  }

  private void carryOutput() {
    byte[] chunk = new byte[CHUNK];
    try (InputStream from = process.getInputStream()) {
      for (int count = from.read(chunk); count > 0; count = from.read(chunk)) {
        ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, count);
        while (bytes.hasRemaining()) {
          end.write(bytes);
        }
      }
    } catch (IOException e) {
      // Nobody listens any more.
    }
    ending = awaitEnding();
    try {
      end.close();
    } catch (IOException e) {
      // Closed all the same.
    }
  }

  private String awaitEnding() {
    try {
      if (!process.waitFor(EXIT.toMillis(), TimeUnit.MILLISECONDS)) {
        return "the program closed its output";
      }
      errors.join(EXIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String last = lastErrors();
    return "the program ended with exit code "
        + process.exitValue()
        + (last.isEmpty() ? "" : ": " + last);
  }

  private void finish() {
    try {
      if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroy();
      }
      if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }

  private void keepErrors() {
    byte[] chunk = new byte[CHUNK];
    try (InputStream from = process.getErrorStream()) {
      for (int count = from.read(chunk); count > 0; count = from.read(chunk)) {
        keep(new String(chunk, 0, count, StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      // It ended.
    }
  }

  private synchronized void keep(String text) {
    stderr.append(text);
    stderr.delete(0, Math.max(0, stderr.length() - KEPT_STDERR_BYTES));
  }

  /** On one line and without control characters: it goes into a message. */
  private synchronized String lastErrors() {
    return stderr.toString().strip().replaceAll("\\s*\\R\\s*", "; ").replaceAll("\\p{Cntrl}", "?");
  }
}
