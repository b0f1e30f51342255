package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.LineSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A running virtual machine with a real kernel, real file systems and a real guest agent, under
 * TCG.
 *
 * <p>It has a temporary directory of its own, which holds its sockets, logs and disk images. {@link
 * #close} ends QEMU and deletes the directory; so does the end of the JVM. Methods may be called
 * from any thread, {@link #shell} from one at a time.
 */
public final class Guest implements AutoCloseable {
  /** A cold boot takes 3 s on a quiet machine; a busy one gets much more. */
  private static final Duration BOOT_LIMIT = Duration.ofSeconds(90);

  private static final Duration SHELL_LIMIT = Duration.ofSeconds(60);
  private static final Duration QUIT_LIMIT = Duration.ofSeconds(30);

  /** The agent's byte that ends whatever it was reading. */
  private static final byte RESET = (byte) 0xFF;

  private static final Pattern ACK = Pattern.compile("ACK (\\d+)");
  private static final Pattern EXIT = Pattern.compile("EXIT (\\d+)");

  private final GuestConfig config;
  private final QemuProcess qemu;
  private final List<Path> images;

  private Guest(GuestConfig config, QemuProcess qemu, List<Path> images) {
    this.config = config;
    this.qemu = qemu;
    this.images = images;
  }

  /** Boots a guest on fresh disks and returns when its agent, if it has one, answers. */
  public static Guest boot(GuestConfig config) {
    return inNewDirectory(directory -> {
      List<Path> images = BlankDisks.create(config.disks(), directory);
      Guest guest =
          start(
              GuestImage.build(config), config, directory, images, DisksElsewhere.NONE, List.of());
      guest.closingOnFailure(guest::awaitBoot);
      return guest;
    });
  }

  /** Gives the starter a fresh directory, and takes it away again if that fails. */
  static Guest inNewDirectory(Function<Path, Guest> starter) {
    Path directory = QemuProcess.newDirectory();
    try {
      return starter.apply(directory);
    } catch (RuntimeException e) {
      try {
        FileTrees.delete(directory);
      } catch (IOException undeleted) {
        e.addSuppressed(undeleted);
      }
      throw e;
    }
  }

  /** Starts QEMU in the directory, which holds the images already; returns when QEMU listens. */
  static Guest start(
      GuestImage image,
      GuestConfig config,
      Path directory,
      List<Path> images,
      DisksElsewhere elsewhere,
      List<String> more) {
    HostTools.require("qemu-system-x86_64");
    try {
      Files.write(directory.resolve(GuestCommandLine.TRACE_EVENTS), config.traceEvents());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var command = new ArrayList<>(GuestCommandLine.of(image, config, images, elsewhere, directory));
    command.addAll(more);
    QemuProcess qemu = QemuProcess.start(directory, elsewhere.qemu().apply(command));
    qemu.awaitSocket(directory.resolve(GuestCommandLine.SHELL));
    return new Guest(config, qemu, List.copyOf(images));
  }

  void closingOnFailure(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void awaitBoot() {
    if (config.agent()) {
      awaitAgent();
    } else {
      shell("true");
    }
  }

  /**
   * Waits until the agent answers {@code guest-sync-delimited}, then leaves it alone.
   *
   * @throws IllegalStateException if it does not within the limit of a boot; with the console
   */
  public void awaitAgent() {
    long id = ThreadLocalRandom.current().nextLong(1, Integer.MAX_VALUE);
    try (LineSocket socket = LineSocket.connect(agent())) {
      socket.send(new byte[] {RESET});
      socket.send(
          "{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":%d}}\n".formatted(id));
      Deadline deadline = Deadline.in(BOOT_LIMIT);
      String wanted = "{\"return\": %d}".formatted(id);
      while (!socket.readLine(deadline).endsWith(wanted)) {
        // An answer to the reset, or to somebody who left.
      }
    } catch (IOException e) {
      throw new IllegalStateException("the agent does not answer; console:\n" + console(), e);
    }
  }

  /**
   * Runs a command line in the guest's busybox shell, beside the agent, and waits for its end. It
   * is root and sees {@code /dataN}, {@code fsfreeze} and the functions of {@code init.sh}.
   *
   * @return what it printed, both streams
   * @throws IllegalStateException if its exit status is not 0
   */
  public String shell(String commandLine) {
    if (commandLine.contains("\n")) {
      throw new IllegalArgumentException("one line only: " + commandLine);
    }
    try (LineSocket socket = LineSocket.connect(qemu.directory().resolve(GuestCommandLine.SHELL))) {
      socket.send(commandLine + "\n");
      Deadline deadline = Deadline.in(SHELL_LIMIT);
      var output = new StringBuilder();
      while (true) {
        String line = socket.readLine(deadline);
        var exit = EXIT.matcher(line);
        if (exit.matches()) {
          return ended(commandLine, Integer.parseInt(exit.group(1)), output.toString());
        }
        output.append(line).append('\n');
      }
    } catch (IOException e) {
      throw new IllegalStateException(
          "the guest's shell does not answer `%s`; console:%n%s".formatted(commandLine, console()),
          e);
    }
  }

  /** Sends the agent a signal in the guest: {@code STOP}, {@code CONT}, {@code KILL}, ... */
  public void signalAgent(String signal) {
    shell("kill -%s $(cat /run/qemu-ga.pid)".formatted(signal));
  }

  /** Kills the agent and waits until it is gone, whatever it had frozen. */
  public void killAgent() {
    shell("kill_agent");
  }

  /** Starts the agent anew after it was killed. It reads the state file of the one before. */
  public void startAgent() {
    shell("start_agent");
  }

  /**
   * The same with an agent that knows nothing of the one before: it says {@code thawed} over frozen
   * file systems.
   */
  public void startAgentWithoutState() {
    shell("start_agent /run/fresh");
  }

  /**
   * Whether the file system at this mount point stands still now, seen from a write and not from
   * what the agent says. A writer that meets a frozen one waits in the guest until the thaw, then
   * removes what it wrote.
   *
   * @param mountPoint in the guest, such as {@code /data0}
   */
  public boolean isFrozen(String mountPoint) {
    return shell("frozen " + mountPoint).strip().equals("yes");
  }

  /**
   * Mounts a file of {@code /data0} at {@code /loop}, through a loop device: ext4 without a
   * journal, 8 MiB.
   */
  public void mountLoop() {
    shell("mount_loop");
  }

  /**
   * Puts a script at {@code /run/hook}, which a guest {@link GuestConfig#withFreezeHook} runs with
   * {@code freeze} or {@code thaw} as its argument.
   */
  public void installHook(String script) {
    String text = Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8));
    shell("echo %s | base64 -d > /run/hook && chmod +x /run/hook".formatted(text));
  }

  /** A hook that fails with 1 at {@code freeze} or at {@code thaw}, and says so. */
  public void failHookAt(String action) {
    installHook(
        "#!/bin/sh\n[ \"$1\" != %s ] || { echo refused by the hook; exit 1; }\n".formatted(action));
  }

  /** A hook that stays in {@code freeze} or in {@code thaw} until {@link #releaseHook()}. */
  public void holdHookAt(String action) {
    shell("rm -f /run/hook.go");
    installHook(
        "#!/bin/sh\n[ \"$1\" = %s ] && until [ -e /run/hook.go ]; do usleep 10000; done\nexit 0\n"
            .formatted(action));
  }

  /** Lets a hook go on that is held, now and from now on. */
  public void releaseHook() {
    shell("touch /run/hook.go");
  }

  private static String ended(String commandLine, int status, String output) {
    if (status != 0) {
      throw new IllegalStateException(
          "in the guest `%s` ended with %d: %s".formatted(commandLine, status, output.strip()));
    }
    return output;
  }

  /**
   * The last sequence number that the writer has acknowledged: that number and all before it are
   * synced on every disk. Empty before the first, and in a clone before its own first.
   */
  public OptionalLong lastAck() {
    OptionalLong last = OptionalLong.empty();
    // The last line may be half there; it counts only with its end.
    String text = read(GuestCommandLine.ACKS);
    var matcher = ACK.matcher(text.substring(0, text.lastIndexOf('\n') + 1));
    while (matcher.find()) {
      last = OptionalLong.of(Long.parseLong(matcher.group(1)));
    }
    return last;
  }

  /**
   * Waits until the writer has acknowledged a higher number than it had at the call.
   *
   * @return that number
   * @throws IllegalStateException if it does not: the guest stands still or has no writer
   */
  public long awaitNextAck(Duration limit) {
    long before = lastAck().orElse(-1);
    if (!Deadline.in(limit).await(() -> lastAck().orElse(-1) > before)) {
      throw new IllegalStateException(
          "no write was acknowledged within %s after %d".formatted(limit, before));
    }
    return lastAck().orElseThrow();
  }

  /** Everything that the guest's console printed. */
  public String console() {
    return read(GuestCommandLine.CONSOLE);
  }

  private String read(String name) {
    try {
      return Files.readString(qemu.directory().resolve(name), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What it was made of. */
  public GuestConfig config() {
    return config;
  }

  /** The QMP monitor for the test. */
  public Path qmp() {
    return qemu.qmp();
  }

  /** A second QMP monitor, to look on while the first is in use. */
  public Path observer() {
    return qemu.directory().resolve(GuestCommandLine.OBSERVER);
  }

  /** The host's end of the guest agent's channel. */
  public Path agent() {
    return qemu.directory().resolve(GuestCommandLine.AGENT);
  }

  /**
   * The image files that the disks were started with, in the disks' order; for a disk elsewhere one
   * that is not there.
   */
  public List<Path> images() {
    return images;
  }

  /** The guest's directory. What a test puts there goes with the guest. */
  public Path directory() {
    return qemu.directory();
  }

  /** QEMU's trace, if the configuration asks for one. */
  public Path trace() {
    return qemu.directory().resolve(GuestCommandLine.TRACE);
  }

  /** The process id of QEMU. */
  public long pid() {
    return qemu.pid();
  }

  /** Whether QEMU runs; it ends by itself when the guest reboots or panics. */
  public boolean isAlive() {
    return qemu.isAlive();
  }

  /** What QEMU itself printed. */
  public String log() {
    return qemu.log();
  }

  /**
   * Runs a command of QEMU's own console, beside the monitors of the test.
   *
   * @return what it printed
   */
  public String console(String commandLine) {
    try (ControlMonitor monitor = control()) {
      return ControlMonitor.returned(
          monitor.execute(
              "human-monitor-command",
              "{\"command-line\":" + ControlMonitor.quote(commandLine) + "}"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  ControlMonitor control() throws IOException {
    return ControlMonitor.connect(qemu.directory().resolve(GuestCommandLine.CONTROL));
  }

  /** Ends QEMU as its own command does, so that it closes its disks first. */
  public void quit() {
    try (ControlMonitor monitor = control()) {
      monitor.execute("quit", "{}");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!Deadline.in(QUIT_LIMIT).await(() -> !isAlive())) {
      throw new IllegalStateException("QEMU does not end");
    }
  }

  /** Kills QEMU and deletes the directory. A second call does nothing. */
  @Override
  public void close() {
    qemu.close();
  }
}
