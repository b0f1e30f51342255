package dev.stillpoint.backends.host;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who of another machine has a file or a block device open, as {@code find} and {@code stat} of
 * there tell it. What its kernel has open for others, such as a target of iSCSI, is not seen.
 */
final class FarDiskUsers {
  private static final String DESCRIPTORS = "/proc/[0-9]*/fd/*";
  private static final String GONE = ": No such file or directory";
  private static final int HEXADECIMAL = 16;

  private final Programs programs;
  private final Path path;
  private final Deadline deadline;

  FarDiskUsers(Programs programs, Path path, Deadline deadline) {
    this.programs = programs;
    this.path = path;
    this.deadline = deadline;
  }

  /** The first user that is found, in words. */
  Optional<String> first() throws IOException {
    String kind = programs.require(stat("%F"), deadline).strip();
    Optional<String> user = kind.equals("block special file") ? ofDevice() : Optional.empty();
    if (user.isEmpty()) {
      user = loop();
    }
    return user.isPresent() ? user : process();
  }

  private List<String> stat(String format) {
    return List.of("stat", "-L", "-c", format, "--", path.toString());
  }

  private Optional<String> ofDevice() throws IOException {
    String[] numbers = programs.require(stat("%t:%T"), deadline).strip().split(":", -1);
    String device =
        Integer.parseInt(numbers[0], HEXADECIMAL) + ":" + Integer.parseInt(numbers[1], HEXADECIMAL);
    if (Mounts.of(programs, deadline).hasDevice(device)) {
      return Optional.of("it is mounted");
    }
    String holders = "/sys/dev/block/" + device + "/holders";
    String holder =
        programs.require(
            List.of("find", holders, "-mindepth", "1", "-printf", "%f\n", "-quit"), deadline);
    return holder.isBlank()
        ? Optional.empty()
        : Optional.of("the device " + holder.strip() + " stands on it");
  }

  /** The kernel opens the file of a loop device, and no process has it. */
  private Optional<String> loop() throws IOException {
    // A loop device that shows nothing has no such file, of which only cat complains.
    List<String> command =
        List.of(
            "find",
            "/sys/block/",
            "-mindepth",
            "1",
            "-maxdepth",
            "1",
            "-name",
            "loop*",
            "-exec",
            "cat",
            "{}/loop/backing_file",
            ";");
    String real = programs.require(List.of("readlink", "-e", "--", path.toString()), deadline);
    List<String> shown = programs.require(command, deadline).lines().toList();
    return shown.contains(real.stripTrailing()) || (!shown.isEmpty() && isShownByNumber())
        ? Optional.of("a loop device shows it")
        : Optional.empty();
  }

  /** As {@link DiskUsers} knows it; a machine without such a losetup is asked by names alone. */
  private boolean isShownByNumber() throws IOException {
    String[] numbers = programs.require(stat("%d %i"), deadline).strip().split(" ", -1);
    var command = new ArrayList<>(List.of("losetup"));
    command.addAll(DiskUsers.LOOPS);
    try {
      Said said = programs.run(command, deadline);
      return said.status() == 0
          && DiskUsers.loopOf(said.out(), Long.parseLong(numbers[0]), numbers[1]).isPresent();
    } catch (MissingProgramException e) {
      return false;
    }
  }

  /**
   * Processes end while one looks; that those of others are not shown is another thing. By {@code
   * -samefile} find would see itself.
   */
  private Optional<String> process() throws IOException {
    String[] numbers = programs.require(stat("%d %i"), deadline).strip().split(" ", -1);
    List<String> command =
        List.of(
            "find",
            "-L",
            "/proc",
            "-mindepth",
            "1",
            "-maxdepth",
            "3",
            "(",
            "-path",
            DESCRIPTORS,
            "-inum",
            numbers[1],
            "-printf",
            "%D %p\n",
            ")",
            "-o",
            "(",
            "-path",
            DESCRIPTORS,
            ")",
            "-o",
            "(",
            "-path",
            "/proc/[0-9]*/fd",
            ")",
            "-o",
            "(",
            "-path",
            "/proc/[0-9]*/*",
            "-prune",
            ")",
            "-o",
            "(",
            "-path",
            "/proc/[0-9]*",
            ")",
            "-o",
            "-prune");
    Said said = programs.run(command, deadline);
    Optional<String> open =
        said.out().lines().filter(line -> line.startsWith(numbers[0] + " ")).findFirst();
    if (open.isPresent()) {
      return Optional.of("it is open as " + open.get().substring(numbers[0].length() + 1));
    }
    // A directory that somebody has open may lead back to where one came from.
    boolean looked =
        said.err()
            .lines()
            .allMatch(line -> line.endsWith(GONE) || line.contains("File system loop detected"));
    return looked
        ? Optional.empty()
        : Optional.of("what processes have open is not shown: " + said.err().strip());
  }
}
