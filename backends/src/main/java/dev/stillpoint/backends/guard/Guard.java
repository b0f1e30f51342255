package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.io.File;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * Our end of a guard: a companion process that thaws the guest if this one is killed or stopped
 * while it owes a thaw. Started and armed before the freeze; {@link #disarm} after the thaw is
 * proved; {@link #close} without that hands the obligation over. Safe for use by several threads.
 */
public final class Guard implements AutoCloseable {
  /** How long this process may stand still before the guard takes over. */
  public static final Duration DEADLINE = Duration.ofSeconds(5);

  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  /** So much before the deadline we ask before we write: the guard may be about to. */
  private static final Duration MARGIN = Duration.ofSeconds(1);

  private static final Duration START = Duration.ofSeconds(10);

  private final AFUNIXSocketChannel control;
  private final ScheduledExecutorService heart =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("stillpoint-guard").daemon().factory());
  private volatile long extendedNanos;

  private Guard(AFUNIXSocketChannel control) {
    this.control = control;
  }

  /**
   * Starts a guard from the jars that this process runs from, in a session of its own ({@code
   * setsid}), and waits until it is there.
   *
   * @throws IOException when it does not start
   */
  public static Guard start() throws IOException {
    Path directory = Files.createTempDirectory("stillpoint-guard");
    Path socket = directory.resolve(GuardProcess.SOCKET);
    try (AFUNIXServerSocketChannel server = AFUNIXServerSocketChannel.open()) {
      server.bind(AFUNIXSocketAddress.of(socket));
      Process process = launch(directory);
      AFUNIXSocketChannel control = accept(server, process);
      var guard = new Guard(control);
      guard.expect("ready");
      return guard;
    } finally {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(directory);
    }
  }

  private static AFUNIXSocketChannel accept(AFUNIXServerSocketChannel server, Process process)
      throws IOException {
    server.configureBlocking(false);
    long end = System.nanoTime() + START.toNanos();
    while (process.isAlive() && System.nanoTime() - end < 0) {
      AFUNIXSocketChannel control = server.accept();
      if (control != null) {
        control.configureBlocking(true);
        return control;
      }
      java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    process.destroyForcibly();
    throw new IOException("the guard process did not start");
  }

  private static Process launch(Path directory) throws IOException {
    List<String> command = new ArrayList<>();
    command.add("setsid");
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx16m",
            "-Xss256k",
            "-XX:ReservedCodeCacheSize=8m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp"));
    command.add(jars());
    command.add(GuardProcess.class.getName());
    command.add(directory.toString());
    return new ProcessBuilder(command)
        .redirectInput(new File("/dev/null"))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .directory(new File("/"))
        .start();
  }

  /** All that this process has; the guard's JVM opens only what it needs. */
  private static String jars() {
    List<String> absolute = new ArrayList<>();
    for (String property : List.of("java.class.path", "jdk.module.path")) {
      for (String entry : System.getProperty(property, "").split(File.pathSeparator, -1)) {
        if (!entry.isEmpty()) {
          absolute.add(Path.of(entry).toAbsolutePath().toString());
        }
      }
    }
    return String.join(File.pathSeparator, absolute);
  }

  /**
   * Hands the guard a duplicate of the agent's connection. From here on it thaws unless it hears
   * from us.
   *
   * @param machine the process that serves the agent; once it is gone, nothing is owed
   * @param endpoint the agent's socket, for when the connection ends
   * @param journal the operation's file, to which the guard adds what it did
   */
  public void arm(
      String operationId,
      FileDescriptor connection,
      Optional<ProcessIdentity> machine,
      Path endpoint,
      Path journal)
      throws IOException {
    control.setOutboundFileDescriptors(connection);
    var order =
        new Order(operationId, DEADLINE.toNanos(), machine, endpoint.toAbsolutePath(), journal);
    extendedNanos = System.nanoTime();
    say(order.line());
    expect("armed");
    var unused =
        heart.scheduleAtFixedRate(
            this::extend, HEARTBEAT.toMillis(), HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void extend() {
    long now = System.nanoTime();
    if (now - extendedNanos >= DEADLINE.minus(MARGIN).toNanos()) {
      // Stood still for so long, it may be the guard's turn already: asking tells, not assuring.
      return;
    }
    try {
      say("extend");
      extendedNanos = now;
    } catch (IOException e) {
      // The guard is gone; who asks it is told.
    }
  }

  /**
   * Whether this process has not stood still, so that the agent's connection is ours to write to
   * for sure. Costs a look at the clock. Otherwise {@link #isStillOurs} tells.
   */
  public boolean isFresh() {
    return System.nanoTime() - extendedNanos < DEADLINE.minus(MARGIN).toNanos();
  }

  /**
   * Asks the guard whether the agent's connection is still ours, and waits for it where it has
   * taken over: then it answers when it is done.
   *
   * @return false when the guest is thawed, or gone; true also where there is no guard any more
   */
  public synchronized boolean isStillOurs() {
    try {
      say("ask");
      boolean ours = hear().equals("armed");
      if (ours) {
        extendedNanos = System.nanoTime();
      }
      return ours;
    } catch (IOException e) {
      return true;
    }
  }

  /** Nothing is owed any more: the guard goes. Does nothing the second time. */
  public synchronized void disarm() {
    if (!control.isOpen()) {
      return;
    }
    try {
      heart.shutdown();
      say("disarm");
      hear();
    } catch (IOException e) {
      // It is gone already.
    }
    close();
  }

  private synchronized void say(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      control.write(bytes);
    }
  }

  private synchronized void expect(String word) throws IOException {
    String said = hear();
    if (!said.equals(word)) {
      throw new IOException("the guard said '" + said + "' and not '" + word + "'");
    }
  }

  private String hear() throws IOException {
    var line = new StringBuilder();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (control.read(one.clear()) == 1) {
      if (one.get(0) == '\n') {
        return line.toString();
      }
      line.append((char) one.get(0));
    }
    throw new IOException("the guard is gone");
  }

  /** Lets go of the guard: unless it was disarmed, it takes over what is owed. */
  @Override
  public void close() {
    heart.shutdown();
    try {
      control.close();
    } catch (IOException e) {
      // Closed all the same.
    }
  }
}
