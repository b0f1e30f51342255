package dev.stillpoint.qmp;

import java.util.List;
import java.util.function.Consumer;

/** What a client does with commands and arguments that its QEMU does not know. */
public sealed interface UnknownArguments {
  /** Nothing is looked at: QEMU refuses what it does not know. The default. */
  record Send() implements UnknownArguments {}

  /** A command with anything unknown is not sent. */
  record Refuse() implements UnknownArguments {}

  /**
   * Unknown arguments, and unknown members within them, are left out where QEMU demands nothing
   * that is then missing; a command with an unknown word, or that is itself unknown, is not sent.
   *
   * @param report is told each time, on the caller's thread, before the command is sent
   */
  record LeaveOut(Consumer<LeftOut> report) implements UnknownArguments {}

  /**
   * What was left out of a command.
   *
   * @param paths such as {@code options.server.keep-alive}
   */
  record LeftOut(String command, List<String> paths) {
    /** Copies the list. */
    public LeftOut {
      paths = List.copyOf(paths);
    }
  }
}
