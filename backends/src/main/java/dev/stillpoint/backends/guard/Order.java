package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a guard is armed with, as one line; texts in hexadecimal digits, as they may hold anything.
 *
 * @param what what its owner does, such as {@code snapshot nightly}
 * @param owner whose guard it is
 * @param deadlineNanos how long the owner may say nothing before it counts as stopped
 * @param machine the QEMU behind the sockets: once it is gone, nothing is owed; empty where
 *     somebody else serves them, whose end says nothing of the machine
 * @param agent the agent's endpoint; empty where no thaw is to be owed
 * @param monitor the monitor's; empty where the operation does not pause
 * @param journal the operation's file, to which the guard adds what it did; empty for none
 * @param locks the files that the guard locks
 * @param note what these files tell a person
 * @param door where others ask the guard; empty for nowhere
 */
record Order(
    String operationId,
    String what,
    ProcessIdentity owner,
    long deadlineNanos,
    Optional<ProcessIdentity> machine,
    Optional<String> agent,
    Optional<String> monitor,
    Optional<Path> journal,
    List<Path> locks,
    String note,
    Optional<Path> door) {
  static final String WORD = "arm ";

  private static final String NONE = "-";

  /** Copies the list. */
  Order {
    locks = List.copyOf(locks);
  }

  String line() {
    return WORD
        + String.join(
            " ",
            operationId,
            hex(what),
            hex(owner.toString()),
            Long.toString(deadlineNanos),
            hex(machine.map(ProcessIdentity::toString)),
            hex(agent),
            hex(monitor),
            hex(journal.map(Path::toString)),
            hex(note),
            hex(door.map(Path::toString)),
            locks.stream().map(Path::toString).map(Order::hex).collect(Collectors.joining(" ")));
  }

  static Order parse(String line) {
    String[] words = line.split(" ", -1);
    return new Order(
        words[1],
        text(words[2]),
        ProcessIdentity.parse(text(words[3])).orElseThrow(),
        Long.parseLong(words[4]),
        optional(words[5]).flatMap(ProcessIdentity::parse),
        optional(words[6]),
        optional(words[7]),
        optional(words[8]).map(Path::of),
        Stream.of(words).skip(11).map(Order::text).map(Path::of).toList(),
        text(words[9]),
        optional(words[10]).map(Path::of));
  }

  private static String hex(Optional<String> text) {
    return text.map(Order::hex).orElse(NONE);
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<String> optional(String word) {
    return word.equals(NONE) ? Optional.empty() : Optional.of(text(word));
  }

  private static String text(String hex) {
    return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
  }
}
