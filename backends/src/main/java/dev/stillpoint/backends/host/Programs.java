package dev.stillpoint.backends.host;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.secret.Redaction;
import java.io.IOException;
import java.util.List;

/**
 * Where programs can be run: on this host, or on the machine that owns a storage. No shell sees
 * their arguments, which arrive as they are. Methods block.
 */
public interface Programs {

  /** Where that is, for a person: {@code this host}, or {@code ssh:root@array}. */
  String place();

  /**
   * Runs a program to its end, and ends it by force at the deadline.
   *
   * @param command the program's name, looked for on the path and among the system's, and its
   *     arguments
   * @throws MissingProgramException when it is not installed there
   * @throws IOException when it cannot be started or reached, does not end in time, or says too
   *     much
   */
  Said run(List<String> command, Deadline deadline) throws IOException;

  /**
   * Runs a program that must not be killed half-way, such as one that has suspended a volume: waits
   * for its end at most {@link HostProgram#MAX_UNKILLED}, and leaves it alone after that.
   */
  Said runToEnd(List<String> command) throws IOException;

  /**
   * Runs a program that has to succeed.
   *
   * @return what it said on its standard output
   * @throws IOException as {@link #run}, and with what it complained of when its status is not 0
   */
  default String require(List<String> command, Deadline deadline) throws IOException {
    return succeeded(command, run(command, deadline));
  }

  /** The standard output of a program that ended well; what it complains of names no secrets. */
  static String succeeded(List<String> command, Said said) throws IOException {
    if (said.status() != 0) {
      String words = said.err().isBlank() ? said.out() : said.err();
      throw new IOException(
          command.get(0)
              + ": "
              + Redaction.ofText(words.strip())
              + " (status "
              + said.status()
              + ")");
    }
    return said.out();
  }
}
