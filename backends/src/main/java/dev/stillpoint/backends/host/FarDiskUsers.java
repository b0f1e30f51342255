package dev.stillpoint.backends.host;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who of another machine has a file or a block device open, as {@code find} and {@code stat} of
 * there tell it.
 */
final class FarDiskUsers {
  private static final String DESCRIPTORS = "/proc/[0-9]*/fd/*";
  private static final String GONE = ": No such file or directory";
  private static final int HEXADECIMAL = 16;
  private static final String SYS = "/sys/dev/block/";

  /** How many names one command is asked of, which may be one word of a shell elsewhere. */
  private static final int MAX_ASKED = 25;

  /** For stat: of a device, and of a file. */
  private static final String NUMBER = "%t:%T";

  private static final String INODE = "%d %i";

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
    Set<String> devices = kind.equals("block special file") ? devices() : Set.of();
    Optional<String> user = devices.isEmpty() ? Optional.empty() : ofDevices(devices);
    if (user.isEmpty()) {
      user = loop();
    }
    if (user.isEmpty()) {
      user = kernel(devices);
    }
    return user.isPresent() ? user : process();
  }

  private List<String> stat(String format) {
    return List.of("stat", "-L", "-c", format, "--", path.toString());
  }

  /** The device and its partitions, as {@code major:minor}. */
  private Set<String> devices() throws IOException {
    String device = decimal(programs.require(stat(NUMBER), deadline).strip());
    // The device's own number is not so far below.
    List<String> partitions =
        List.of(
            "find",
            SYS + device + "/",
            "-mindepth",
            "2",
            "-maxdepth",
            "2",
            "-name",
            "dev",
            "-exec",
            "cat",
            "{}",
            ";");
    var devices = new LinkedHashSet<>(List.of(device));
    programs.require(partitions, deadline).lines().forEach(devices::add);
    return devices;
  }

  private static String decimal(String hexadecimal) {
    String[] numbers = hexadecimal.split(":", -1);
    return Integer.parseInt(numbers[0], HEXADECIMAL)
        + ":"
        + Integer.parseInt(numbers[1], HEXADECIMAL);
  }

  private Optional<String> ofDevices(Set<String> devices) throws IOException {
    Mounts mounts = Mounts.of(programs, deadline);
    for (String device : devices) {
      if (mounts.hasDevice(device)) {
        return Optional.of("it is mounted");
      }
      String holders = SYS + device + "/holders";
      String holder =
          programs.require(
              List.of("find", holders, "-mindepth", "1", "-printf", "%f\n", "-quit"), deadline);
      if (!holder.isBlank()) {
        return Optional.of("the device " + holder.strip() + " stands on it");
      }
    }
    return Optional.empty();
  }

  private Optional<String> kernel(Set<String> devices) throws IOException {
    KernelUses uses = KernelUses.in(ofThoseThere(KernelUses.command()));
    boolean used =
        uses.devices().stream().anyMatch(devices::contains)
            || areAmong(List.copyOf(uses.paths()), devices);
    return used ? Optional.of(KernelUses.WORDS) : Optional.empty();
  }

  /** Whether one of these names leads to the disk. */
  private boolean areAmong(List<String> paths, Set<String> devices) throws IOException {
    boolean found = false;
    for (int from = 0; !found && from < paths.size(); from += MAX_ASKED) {
      var command =
          new ArrayList<>(List.of("stat", "-L", "-c", devices.isEmpty() ? INODE : NUMBER, "--"));
      command.addAll(paths.subList(from, Math.min(from + MAX_ASKED, paths.size())));
      List<String> there = ofThoseThere(command).lines().toList();
      found =
          devices.isEmpty()
              ? there.contains(programs.require(stat(INODE), deadline).strip())
              : there.stream().map(FarDiskUsers::decimal).anyMatch(devices::contains);
    }
    return found;
  }

  /** What a command says that may complain of what is not there, and of nothing else. */
  private String ofThoseThere(List<String> command) throws IOException {
    Said said = programs.run(command, deadline);
    boolean looked =
        said.err().isEmpty()
            ? said.status() == 0
            : said.err().lines().allMatch(line -> line.endsWith(GONE));
    if (!looked) {
      throw new IOException("what the kernel has open is not shown: " + said.err().strip());
    }
    return said.out();
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
    String[] numbers = programs.require(stat(INODE), deadline).strip().split(" ", -1);
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
    String[] numbers = programs.require(stat(INODE), deadline).strip().split(" ", -1);
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
