package dev.stillpoint.it.chaos;

import dev.stillpoint.testkit.HostCommand;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A terminal whose reader stands still: a named pipe, full from the beginning. */
final class FullPipe implements AutoCloseable {
  /** What a pipe of Linux holds. */
  private static final int CAPACITY = 64 << 10;

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);

  private final RandomAccessFile pipe;
  private final FileInputStream end;
  private final Thread reader;
  private volatile boolean closing;

  private FullPipe(RandomAccessFile pipe, FileInputStream end) {
    this.pipe = pipe;
    this.end = end;
    this.reader = Thread.ofPlatform().daemon().name("chaos-reader").unstarted(this::drain);
  }

  static FullPipe at(Path path) {
    HostCommand.run(Path.of("/"), List.of("mkfifo", path.toString()));
    try {
      // Open both ways, so that nobody waits for the other end.
      var pipe = new RandomAccessFile(path.toFile(), "rw");
      pipe.write(new byte[CAPACITY]);
      return new FullPipe(pipe, new FileInputStream(path.toFile()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** From now on it is read. */
  void read() {
    if (reader.getState() == Thread.State.NEW) {
      reader.start();
    }
  }

  private void drain() {
    byte[] chunk = new byte[CAPACITY];
    try {
      while (!closing) {
        if (end.available() == 0) {
          LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
        } else if (end.read(chunk) < 0) {
          return;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    closing = true;
    try (pipe;
        end) {
      reader.join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
