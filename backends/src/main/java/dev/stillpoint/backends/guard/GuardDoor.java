package dev.stillpoint.backends.guard;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Where other processes ask a guard: a unix socket beside the machine's lock. A client says one
 * line, {@code status} or {@code thaw}, and is answered by lines until the connection ends. Only
 * whoever has the guard's lock makes the socket, so one that is there already is a dead guard's.
 */
final class GuardDoor implements AutoCloseable {
  /** How many may ask at once; the next ones are sent away. */
  static final int MAX_CLIENTS = 8;

  /** The longest question, in bytes. */
  static final int MAX_QUESTION = 64;

  /** How long a client may take to say what it wants. */
  static final Duration QUESTION = Duration.ofSeconds(2);

  /** How long the end may wait until those who wait for it are told. */
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  private static final long STACK = 256L * 1024;

  private final Path socket;
  private final ServerSocketChannel server;
  private final Supplier<GuardState> state;
  private final Runnable thaw;
  private final Semaphore places = new Semaphore(MAX_CLIENTS);
  private final CompletableFuture<String> end = new CompletableFuture<>();
  private final List<Thread> waiting = new ArrayList<>();

  private GuardDoor(
      Path socket, ServerSocketChannel server, Supplier<GuardState> state, Runnable thaw) {
    this.socket = socket;
    this.server = server;
    this.state = state;
    this.thaw = thaw;
  }

  /**
   * Opens it. Where that cannot be, the guard does without: who it is stands in its lock.
   *
   * @param thaw is run when somebody asks for a thaw, on a thread of his
   */
  static Optional<GuardDoor> open(Path socket, Supplier<GuardState> state, Runnable thaw) {
    Path fresh = socket.resolveSibling(socket.getFileName() + "." + ProcessHandle.current().pid());
    try {
      ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      boolean open = false;
      try {
        server.bind(UnixDomainSocketAddress.of(fresh), MAX_CLIENTS);
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
        // In one step, and over one that nobody serves any more.
        Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE);
        open = true;
      } finally {
        if (!open) {
          server.close();
          Files.deleteIfExists(fresh);
        }
      }
      var door = new GuardDoor(socket, server, state, thaw);
      door.thread(door::serve).start();
      return Optional.of(door);
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  private Thread thread(Runnable work) {
    Thread thread = new Thread(null, work, "stillpoint-guard-door", STACK);
    thread.setDaemon(true);
    return thread;
  }

  private void serve() {
    while (server.isOpen()) {
      try {
        SocketChannel client = server.accept();
        if (places.tryAcquire()) {
          Thread answering = thread(() -> answer(client));
          synchronized (waiting) {
            waiting.removeIf(one -> !one.isAlive());
            waiting.add(answering);
            answering.start();
          }
        } else {
          client.close();
        }
      } catch (IOException e) {
        // That client is gone, or the door is closed.
      }
    }
  }

  private void answer(SocketChannel client) {
    try (client) {
      switch (question(client)) {
        case "status" -> tell(client, state.get().note());
        case "thaw" -> {
          tell(client, state.get().note());
          thaw.run();
          tell(client, "result: " + awaitEnd(client) + "\n");
        }
        default -> {
          // Nothing that we know of.
        }
      }
    } catch (IOException e) {
      // The client is gone.
    } finally {
      places.release();
    }
  }

  /** The end of what is owed, or that the client does not wait for it any more. */
  private String awaitEnd(SocketChannel client) throws IOException {
    while (true) {
      try {
        return end.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        // One that has left fails this, and makes its place free.
        tell(client, "\n");
      } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
        throw new CompletionException(e);
      }
    }
  }

  private static String question(SocketChannel client) throws IOException {
    client.configureBlocking(false);
    ByteBuffer said = ByteBuffer.allocate(MAX_QUESTION);
    long until = System.nanoTime() + QUESTION.toNanos();
    while (said.hasRemaining() && System.nanoTime() - until < 0) {
      int count = client.read(said);
      String text = new String(said.array(), 0, said.position(), StandardCharsets.UTF_8);
      if (text.endsWith("\n")) {
        client.configureBlocking(true);
        return text.strip();
      }
      if (count < 0) {
        break;
      }
      java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
    return "";
  }

  private static void tell(SocketChannel client, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      client.write(bytes);
    }
  }

  /** Tells those who wait how it ended, and closes the door. */
  void ended(String how) {
    end.complete(how);
    close();
    long until = System.nanoTime() + FAREWELL.toNanos();
    synchronized (waiting) {
      for (Thread one : waiting) {
        try {
          long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
          one.join(Math.max(1, left));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(socket);
      server.close();
    } catch (IOException e) {
      // A socket that stays is one that nobody serves: the next guard replaces it.
    }
  }
}
