package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is said to {@code zfs}, and what it answers. */
final class ZfsCommand {
  private static final String PROGRAM = "zfs";

  /** What it says of a name that is nobody's. */
  static final String GONE = "does not exist";

  /** What an OpenZFS says to one who destroys a snapshot that is not there. */
  static final String NONE = "could not find any snapshots to destroy";

  /** A character that no name may have: what is asked with it can make nothing. */
  private static final String IMPOSSIBLE = "%";

  private static final String TAKES_ONE = "too many arguments";

  private final Programs programs;

  /** What {@link #takesSeveral} found out; the program stays what it is while we run. */
  private volatile Optional<Boolean> several = Optional.empty();

  ZfsCommand(Programs programs) {
    this.programs = programs;
  }

  /** A line of {@code zfs get}. */
  record Property(String name, String property, String value, String source) {}

  /** Runs it, however it ends. */
  Said run(Deadline deadline, String... arguments) throws IOException {
    return programs.run(command(List.of(arguments)), deadline);
  }

  /** Runs it, and it must end well. */
  String require(Deadline deadline, String... arguments) throws IOException {
    return programs.require(command(List.of(arguments)), deadline);
  }

  private static List<String> command(List<String> arguments) {
    var command = new ArrayList<>(List.of(PROGRAM));
    command.addAll(arguments);
    return command;
  }

  /**
   * Properties of datasets, volumes or snapshots.
   *
   * @param properties joined by commas
   * @return empty where one of the names is not there
   */
  Optional<List<Property>> properties(String properties, List<String> names, Deadline deadline)
      throws IOException {
    var arguments = new ArrayList<>(List.of("get", "-H", "-p"));
    arguments.addAll(List.of("-o", "name,property,value,source", properties));
    arguments.addAll(names);
    List<String> command = command(arguments);
    Said said = programs.run(command, deadline);
    if (said.status() != 0 && said.err().contains(GONE)) {
      return Optional.empty();
    }
    return Optional.of(lines(Programs.succeeded(command, said)));
  }

  /** Reads what {@code zfs get -H} says. */
  static List<Property> lines(String output) {
    var found = new ArrayList<Property>();
    for (String line : output.lines().toList()) {
      String[] fields = line.split("\t", -1);
      if (fields.length == 4) {
        found.add(new Property(fields[0], fields[1], fields[2], fields[3]));
      }
    }
    return found;
  }

  /** Whether what a caller named is a volume and no file system. */
  boolean isVolume(LocatedDisk disk, String dataset, Deadline deadline) throws IOException {
    List<Property> type =
        properties("type", List.of(dataset), deadline)
            .orElseThrow(() ->
                disk.refusal(
                    ErrorCode.DISK_UNSUITABLE,
                    "there is no dataset '" + dataset + "' on " + programs.place()));
    return type.stream().anyMatch(line -> line.value().equals("volume"));
  }

  /**
   * Whether one command may name several snapshots, which are one instant then: OpenZFS does,
   * zfs-fuse does not. Asked once, before any cut.
   */
  boolean takesSeveral(Deadline deadline) throws IOException {
    if (several.isEmpty()) {
      String nothing = "a" + IMPOSSIBLE + "@a";
      Said said = run(deadline, "snapshot", nothing, nothing);
      several = Optional.of(!said.err().contains(TAKES_ONE));
    }
    return several.get();
  }

  /** Makes snapshots by one command, waits for its end, and gives what it said. */
  Said snapshot(String mark, List<String> names) throws IOException {
    return programs.runToEnd(snapshotCommand(mark, names));
  }

  /** Walks the same way, and makes nothing. */
  void rehearse(String mark, List<String> names) throws IOException {
    List<String> impossible = names.stream().map(name -> name + IMPOSSIBLE).toList();
    Said said = programs.runToEnd(snapshotCommand(mark, impossible));
    if (said.status() == 0) {
      throw new IOException("zfs has made a snapshot of a name that cannot be: " + impossible);
    }
  }

  private static List<String> snapshotCommand(String mark, List<String> names) {
    var arguments = new ArrayList<>(List.of("snapshot", "-o", mark));
    arguments.addAll(names);
    return command(arguments);
  }

  /** Fails with what was said, unless it ended well. */
  static void requireDone(Said said) throws IOException {
    Programs.succeeded(List.of(PROGRAM), said);
  }
}
