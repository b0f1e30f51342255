package dev.stillpoint.qga;

import dev.stillpoint.qga.command.Bytes;
import dev.stillpoint.qga.qapi.GuestFileClose;
import dev.stillpoint.qga.qapi.GuestFileOpen;
import dev.stillpoint.qga.qapi.GuestFileRead;
import dev.stillpoint.qga.qapi.GuestFileWrite;
import dev.stillpoint.qmp.error.CommandException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Whole files in the guest ({@code guest-file-open}, {@code -read}, {@code -write}, {@code
 * -close}). From any thread. The handle is closed whatever happens; only when the reply to the open
 * itself is lost it stays open until the agent ends, as nobody knows its number.
 *
 * {@snippet :
 * var files = new GuestFiles(client);
 * files.write("/etc/motd", Bytes.utf8("hello\n"), Duration.ofSeconds(10)).join();
 * String name = files.read("/etc/hostname", 4096, Duration.ofSeconds(10)).join().text();
 * }
 */
public final class GuestFiles {
  /** Bytes in one command: small beside what the agent takes, as the channel is slow. */
  public static final int CHUNK = 48 * 1024;

  /** The largest file that is read, in bytes; it is held in memory. */
  public static final int MAX_FILE = 64 * 1024 * 1024;

  /** How long the close of a handle may take, whatever is left of the caller's timeout. */
  public static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final QgaClient client;

  /** Reads and writes by this client, which stays the caller's to close. */
  public GuestFiles(QgaClient client) {
    this.client = client;
  }

  /** A file is larger than its reader allows. */
  public static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLargeException(String path, int limit) {
      super(path + " in the guest is larger than " + limit + " bytes");
    }
  }

  /**
   * Reads a file from its beginning to its end.
   *
   * @param limit bytes, up to {@link #MAX_FILE}
   * @param timeout for all of it but the close
   * @return its bytes; exceptionally with a {@link TooLargeException} or a {@link CommandException}
   */
  public CompletableFuture<Bytes> read(String path, int limit, Duration timeout) {
    if (limit < 0 || limit > MAX_FILE) {
      throw new IllegalArgumentException("a limit is 0 to " + MAX_FILE + " bytes");
    }
    Until until = Until.after(timeout);
    var soFar = new ByteArrayOutputStream();
    return opened(path, "r", until, handle -> readOn(handle, path, limit, soFar, until));
  }

  private CompletableFuture<Bytes> readOn(
      long handle, String path, int limit, ByteArrayOutputStream soFar, Until until) {
    // One byte more than is allowed shows that there is more.
    long count = Math.min(CHUNK, limit - soFar.size() + 1L);
    return client
        .execute(new GuestFileRead(handle, count), until.left())
        .thenCompose(read -> {
          soFar.writeBytes(read.bufB64().toArray());
          if (soFar.size() > limit) {
            return CompletableFuture.failedFuture(new TooLargeException(path, limit));
          }
          return read.eof() || read.bufB64().size() == 0
              ? CompletableFuture.completedFuture(Bytes.of(soFar.toByteArray()))
              : readOn(handle, path, limit, soFar, until);
        });
  }

  /**
   * Writes a file, in place of what it held. It is not atomic: when it fails, a part may be
   * written. The bytes are in the guest's kernel afterwards, not yet on its disk.
   *
   * @param timeout for all of it but the close
   * @return exceptionally with a {@link CommandException}, also when only the close failed, or with
   *     an {@link IOException} when the guest takes no more bytes
   */
  public CompletableFuture<Void> write(String path, Bytes content, Duration timeout) {
    Until until = Until.after(timeout);
    byte[] bytes = content.toArray();
    return opened(path, "w", until, handle -> writeOn(handle, path, bytes, 0, until))
        .thenAccept(written -> {});
  }

  private CompletableFuture<Integer> writeOn(
      long handle, String path, byte[] bytes, int from, Until until) {
    if (from == bytes.length) {
      return CompletableFuture.completedFuture(from);
    }
    Bytes chunk = Bytes.of(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + CHUNK)));
    return client
        .execute(new GuestFileWrite(handle, chunk, null), until.left())
        .thenCompose(written ->
            written.count() < 1 || written.count() > chunk.size()
                ? CompletableFuture.failedFuture(
                    new IOException(path + " in the guest took " + written.count() + " bytes"))
                : writeOn(handle, path, bytes, from + (int) written.count(), until));
  }

  private <R> CompletableFuture<R> opened(
      String path, String mode, Until until, Function<Long, CompletableFuture<R>> use) {
    return client
        .execute(new GuestFileOpen(path, mode), until.left())
        .thenCompose(handle ->
            use.apply(handle)
                .exceptionallyCompose(failure -> closedAfter(failure, handle))
                .thenCompose(value -> close(handle).thenApply(done -> value)));
  }

  private CompletableFuture<Void> close(long handle) {
    return client.execute(new GuestFileClose(handle), CLOSE_TIMEOUT);
  }

  /** The failure of the use matters more than that of the close. */
  private <R> CompletableFuture<R> closedAfter(Throwable failure, long handle) {
    return close(handle)
        .exceptionally(also -> {
          failure.addSuppressed(also);
          return null;
        })
        .thenCompose(done -> CompletableFuture.failedFuture(failure));
  }
}
