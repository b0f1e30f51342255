package dev.stillpoint.backends.host;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
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
 */
final class SshPrograms implements Programs {
  private static final Pattern DESTINATION =
      Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.@%+-]{0,254}");
  private static final List<String> OPTIONS =
      List.of("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--");

  /** A login that is not root's finds few of the system's programs by itself. */
  private static final String ENVIRONMENT =
      "PATH=\"$PATH:/usr/sbin:/sbin\" LC_ALL=C.UTF-8; export PATH LC_ALL; exec ";

  private static final int NOT_FOUND = 127;
  private static final int UNREACHED = 255;

  private final String destination;
  private final Supplier<Optional<HostProgram>> ssh;

  /**
   * The machine at this destination: a host, an alias of ssh's configuration, or {@code user@host}.
   *
   * @throws IllegalArgumentException when it is none; one that begins with a dash would be an
   *     option
   */
  SshPrograms(String destination) {
    this(destination, () -> HostProgram.find("ssh"));
  }

  /** The same with another program in ssh's place. */
  SshPrograms(String destination, Supplier<Optional<HostProgram>> ssh) {
    this.ssh = ssh;
    if (!DESTINATION.matcher(destination).matches()) {
      throw new IllegalArgumentException(
          "'" + destination + "' is no destination for ssh: [USER@]HOST is wanted");
    }
    this.destination = destination;
  }

  @Override
  public String place() {
    return "ssh:" + destination;
  }

  @Override
  public Said run(List<String> command, Deadline deadline) throws IOException {
    return judged(command, ssh().run(arguments(command), "", deadline));
  }

  @Override
  public Said runToEnd(List<String> command) throws IOException {
    return judged(command, ssh().runToEnd(arguments(command)));
  }

  private HostProgram ssh() throws IOException {
    return ssh.get().orElseThrow(() -> new MissingProgramException("ssh", "this host"));
  }

  private List<String> arguments(List<String> command) {
    String words = command.stream().map(SshPrograms::quoted).collect(Collectors.joining(" "));
    var arguments = new ArrayList<>(OPTIONS);
    arguments.add(destination);
    arguments.add(ENVIRONMENT + words);
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
