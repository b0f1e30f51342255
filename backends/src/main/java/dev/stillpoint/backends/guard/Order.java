package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What a guard is armed with, as one line; paths in hexadecimal digits, as they may hold anything.
 *
 * @param deadlineNanos how long the owner may say nothing before it counts as stopped
 * @param machine the QEMU that serves the agent: once it is gone, nothing is owed; empty where
 *     somebody else serves it, whose end says nothing of the machine
 */
record Order(
    String operationId,
    long deadlineNanos,
    Optional<ProcessIdentity> machine,
    Path endpoint,
    Path journal) {
  private static final ProcessIdentity NOT_KNOWN = new ProcessIdentity(0, 0, "");

  String line() {
    ProcessIdentity known = machine.orElse(NOT_KNOWN);
    return String.join(
        " ",
        "arm",
        operationId,
        Long.toString(deadlineNanos),
        Long.toString(known.pid()),
        Long.toString(known.startTicks()),
        known.bootId(),
        hex(endpoint),
        hex(journal));
  }

  static Order parse(String line) {
    String[] words = line.split(" ", -1);
    var machine = new ProcessIdentity(Long.parseLong(words[3]), Long.parseLong(words[4]), words[5]);
    return new Order(
        words[1],
        Long.parseLong(words[2]),
        machine.equals(NOT_KNOWN) ? Optional.empty() : Optional.of(machine),
        path(words[6]),
        path(words[7]));
  }

  private static String hex(Path path) {
    return HexFormat.of().formatHex(path.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static Path path(String hex) {
    return Path.of(new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8));
  }
}
