package dev.stillpoint.backends.host;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The programs of a machine that {@code ssh} reaches without asking anybody. ssh knows no argument
 * array: it hands one line to the login shell of the other side, which must be a POSIX shell. Every
 * word is quoted for it, so that it changes none.
 *
 * <p>A program that does not end by its deadline is left to itself there: only our ssh is ended.
 * One that has to run to its end does so without us too: it hears no hangup, and cannot die of a
 * reader that has gone. Where the connection breaks meanwhile, its end is awaited over new ones.
 */
final class SshPrograms implements Programs {
  private static final Pattern ABSOLUTE = Pattern.compile("/[^\\x00]*");
  private static final Pattern DESTINATION =
      Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.@%+-]{0,254}");

  /** Nobody is asked anything, and a machine that falls silent is given up after half a minute. */
  private static final List<String> OPTIONS =
      List.of(
          "-T",
          "-o",
          "BatchMode=yes",
          "-o",
          "ConnectTimeout=10",
          "-o",
          "ServerAliveInterval=5",
          "-o",
          "ServerAliveCountMax=6");

  /** A login that is not root's finds few of the system's programs by itself. */
  private static final String ENVIRONMENT =
      "PATH=\"$PATH:/usr/sbin:/sbin\" LC_ALL=C.UTF-8; export PATH LC_ALL; ";

  /** What is ignored here stays ignored in the program, whose number is the shell's own. */
  private static final String TO_THE_END =
      "trap '' HUP PIPE; " + ENVIRONMENT + "echo \"stillpoint runs it as $$\" >&2; ";

  private static final Pattern PROCESS =
      Pattern.compile("^stillpoint runs it as ([0-9]+)\\R", Pattern.MULTILINE);

  private static final int NOT_FOUND = 127;
  private static final int UNREACHED = 255;

  /** What Java says of an ssh that was killed with SIGKILL. */
  private static final int KILLED = 137;

  /** How long a machine is called again that was lost while it ran a program to its end. */
  private static final Duration MAX_UNREACHED = Duration.ofMinutes(1);

  private static final Duration PAUSE = Duration.ofMillis(200);

  private final String destination;
  private final Optional<String> config;
  private final Supplier<Optional<HostProgram>> ssh;
  private final Duration unreached;

  /**
   * The machine at this destination: a host, an alias of ssh's configuration, or {@code user@host}.
   *
   * @param config the file of that configuration, with an absolute path; where there is none ssh
   *     reads the user's and the system's
   * @throws IllegalArgumentException when it is none; one that begins with a dash would be an
   *     option
   */
  SshPrograms(String destination, Optional<String> config) {
    this(destination, config, () -> HostProgram.find("ssh"), MAX_UNREACHED);
  }

  /** The same with another program in ssh's place, and other patience. */
  SshPrograms(
      String destination,
      Optional<String> config,
      Supplier<Optional<HostProgram>> ssh,
      Duration unreached) {
    this.ssh = ssh;
    this.unreached = unreached;
    this.config = config;
    if (!DESTINATION.matcher(destination).matches()) {
      throw new IllegalArgumentException(
          "'" + destination + "' is no destination for ssh: [USER@]HOST is wanted");
    }
    if (config.isPresent() && !ABSOLUTE.matcher(config.get()).matches()) {
      throw new IllegalArgumentException(
          "'" + config.get() + "' is no configuration of ssh: an absolute path is wanted");
    }
    this.destination = destination;
  }

  @Override
  public String place() {
    return "ssh:" + destination;
  }

  @Override
  public Said run(List<String> command, Deadline deadline) throws IOException {
    return judged(command, ssh().run(arguments(ENVIRONMENT, command), "", deadline));
  }

  @Override
  public Said runToEnd(List<String> command) throws IOException {
    Said said = ssh().runToEnd(arguments(TO_THE_END, command));
    var started = PROCESS.matcher(said.err());
    if (!started.find()) {
      return judged(command, said);
    }
    String words = started.replaceFirst("");
    if (said.status() == UNREACHED || said.status() == KILLED) {
      String program = command.get(0);
      awaitEnd(program, started.group(1), words);
      throw new IOException(
          "ssh to %s was lost while %s ran, which has ended since, nobody knows how: %s"
              .formatted(destination, program, words.strip()));
    }
    return judged(command, new Said(said.status(), said.out(), words));
  }

  /** Calls again until the process is no more. */
  private void awaitEnd(String program, String process, String words) throws IOException {
    Deadline end = Deadline.after(HostProgram.MAX_UNKILLED);
    Deadline reached = Deadline.after(unreached);
    List<String> question = List.of("test", "-d", "/proc/" + process);
    while (!end.remaining().isZero() && !reached.remaining().isZero()) {
      try {
        if (run(question, Deadline.after(HostProgram.MAX_TIME)).status() != 0) {
          return;
        }
        reached = Deadline.after(unreached);
      } catch (IOException notReached) {
        // It is called again.
      }
      pause(program);
    }
    throw new IOException(
        "ssh to %s was lost, and %s may still run there as process %s: %s"
            .formatted(destination, program, process, words.strip()));
  }

  private void pause(String program) throws IOException {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + program + " runs on " + place(), e);
    }
  }

  private HostProgram ssh() throws IOException {
    return ssh.get().orElseThrow(() -> new MissingProgramException("ssh", "this host"));
  }

  private List<String> arguments(String before, List<String> command) {
    String words = command.stream().map(SshPrograms::quoted).collect(Collectors.joining(" "));
    var arguments = new ArrayList<>(OPTIONS);
    config.ifPresent(file -> arguments.addAll(List.of("-F", file)));
    arguments.addAll(List.of("--", destination, before + "exec " + words));
    return arguments;
  }

  /** Within single quotes a POSIX shell leaves everything alone but a single quote. */
  static String quoted(String word) {
    if (word.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("an argument cannot hold a zero byte");
    }
    return "'" + word.replace("'", "'\\''") + "'";
  }

  private Said judged(List<String> command, Said said) throws IOException {
    if (said.status() == NOT_FOUND) {
      throw new MissingProgramException(command.get(0), place());
    }
    if (said.status() == UNREACHED) {
      throw new IOException(
          "ssh to "
              + destination
              + " failed, and "
              + command.get(0)
              + " may have run: "
              + said.err().strip());
    }
    return said;
  }
}
