package dev.stillpoint.backends.host;

import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who of this host has a file or a block device open, from {@code /proc} and {@code /sys}: a
 * process, a mount, another device, a loop device, or the kernel as swap space or as a target for
 * other machines. What another host does with it is not seen.
 */
public final class DiskUsers {
  private static final Path PROCESSES = Path.of("/proc");
  private static final Path DEVICES = Path.of("/sys/block");
  private static final int TYPE = 0xf000;
  private static final int BLOCK = 0x6000;
  private static final long NOBODY = -1;
  private static final String DEVICE = "device ";

  /** Arguments of losetup. */
  static final List<String> LOOPS =
      List.of("--list", "--noheadings", "--output", "NAME,BACK-INO,BACK-MAJ:MIN");

  private DiskUsers() {}

  /**
   * The first user that is found, in words; also that none can be excluded. Empty when it is
   * certain that there was none.
   */
  public static Optional<String> of(Path path) {
    try {
      String number = number(path);
      Set<String> parts = parts(number);
      Optional<String> user = besideProcesses(path, number, parts);
      if (user.isPresent()) {
        return user;
      }
      Look look = process(parts, Set.of());
      return look.user().isEmpty() && look.unseen()
          ? Optional.of("what other users' processes have open is not shown to this one")
          : look.user();
    } catch (IOException e) {
      return Optional.of("whether anybody uses it cannot be told: " + e);
    }
  }

  /**
   * The first user that is seen, in words. Empty says less than with {@link #of}: what others have
   * open is not shown to everybody.
   *
   * @param except the processes that are known to have it open
   */
  public static Optional<String> seen(Path path, Set<Long> except) {
    try {
      String number = number(path);
      Set<String> parts = parts(number);
      Optional<String> user = besideProcesses(path, number, parts);
      return user.isPresent() ? user : process(parts, except).user();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Whether one process has it open; empty where that is not shown.
   *
   * @param path there, or nobody has it open by this name
   */
  public static Optional<Boolean> hasOpen(long pid, Path path) {
    try (DirectoryStream<Path> open =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
      String number = number(path);
      for (Path descriptor : open) {
        if (isOpen(descriptor, Set.of(number))) {
          return Optional.of(true);
        }
      }
      return Optional.of(false);
    } catch (NoSuchFileException e) {
      return Files.isDirectory(PROCESSES.resolve(Long.toString(pid)))
          ? Optional.of(false)
          : Optional.empty();
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return Optional.empty();
    }
  }

  /** The processes that are seen to have it open. */
  public static Set<Long> processes(Path path) {
    Set<Long> found = new HashSet<>();
    try {
      Set<String> number = Set.of(number(path));
      for (Look look = process(number, found); look.pid() >= 0; look = process(number, found)) {
        found.add(look.pid());
      }
    } catch (IOException e) {
      // Then it is open to nobody.
    }
    return Set.copyOf(found);
  }

  /** As {@link #of}, of another machine. */
  public static Optional<String> at(Programs programs, Path path, Deadline deadline) {
    try {
      return new FarDiskUsers(programs, path, deadline).first();
    } catch (IOException e) {
      return Optional.of("whether anybody uses it cannot be told: " + e.getMessage());
    }
  }

  /** What it has in common with all that is open of it. */
  private static String number(Path path) throws IOException {
    boolean block = ((int) Files.getAttribute(path, "unix:mode") & TYPE) == BLOCK;
    return block
        ? DEVICE + majorMinor((long) Files.getAttribute(path, "unix:rdev"))
        : Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino");
  }

  /** It, and the partitions of a device. */
  private static Set<String> parts(String number) throws IOException {
    var parts = new HashSet<>(Set.of(number));
    if (number.startsWith(DEVICE)) {
      try (DirectoryStream<Path> below =
          Files.newDirectoryStream(sys(number), Files::isDirectory)) {
        for (Path part : below) {
          if (Files.exists(part.resolve("partition"))) {
            parts.add(DEVICE + Files.readString(part.resolve("dev")).strip());
          }
        }
      } catch (NoSuchFileException e) {
        // A device that this kernel does not have; then nobody has it open.
      }
    }
    return parts;
  }

  private static Path sys(String number) {
    return Path.of("/sys/dev/block", number.substring(DEVICE.length()));
  }

  private static Optional<String> besideProcesses(Path path, String number, Set<String> parts)
      throws IOException {
    for (String part : parts) {
      if (part.startsWith(DEVICE)) {
        Optional<String> user = ofDevice(part);
        if (user.isPresent()) {
          return user;
        }
      }
    }
    Optional<String> user = loop(path, number);
    return user.isPresent() ? user : kernel(parts);
  }

  private static Optional<String> ofDevice(String number) throws IOException {
    if (Mounts.own().hasDevice(number.substring(DEVICE.length()))) {
      return Optional.of("it is mounted");
    }
    Path holders = sys(number).resolve("holders");
    if (Files.isDirectory(holders)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(holders)) {
        for (Path holder : found) {
          return Optional.of("the device " + holder.getFileName() + " stands on it");
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The kernel opens the file of a loop device, and no process has it. By the name that it was
   * opened by it may not be found any more: it has others, and other mounts show it.
   */
  private static Optional<String> loop(Path path, String number) {
    try (DirectoryStream<Path> loops = Files.newDirectoryStream(DEVICES, "loop*")) {
      String real = path.toRealPath().toString();
      boolean any = false;
      for (Path loop : loops) {
        Path told = loop.resolve("loop/backing_file");
        if (Files.exists(told)) {
          any = true;
          if (isNamed(Files.readString(told, StandardCharsets.UTF_8), real, number)) {
            return shown(String.valueOf(loop.getFileName()));
          }
        }
      }
      return any ? numberedLoop(number) : Optional.empty();
    } catch (IOException e) {
      return Optional.of("the loop devices cannot be read: " + e);
    }
  }

  private static Optional<String> kernel(Set<String> parts) throws IOException {
    KernelUses uses = KernelUses.own();
    boolean used = uses.devices().stream().anyMatch(device -> parts.contains(DEVICE + device));
    for (String path : uses.paths()) {
      used |= isAt(path, parts);
    }
    return used ? Optional.of(KernelUses.WORDS) : Optional.empty();
  }

  /** As glibc's makedev packs them. */
  private static String majorMinor(long device) {
    long major = (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
    long minor = (device & 0xff) | (device >>> 12 & 0xffffff00L);
    return major + ":" + minor;
  }

  private static Optional<String> shown(String loop) {
    return Optional.of("the device " + loop + " shows it");
  }

  private static boolean isNamed(String told, String real, String number) {
    // The kernel ends it with a line break.
    String name = told.substring(0, Math.max(0, told.length() - 1));
    return name.equals(real) || isAt(name, Set.of(number));
  }

  private static boolean isAt(String name, Set<String> numbers) {
    try {
      return numbers.contains(number(Path.of(name)));
    } catch (IOException | InvalidPathException notThereUnderThisName) {
      return false;
    }
  }

  /** What losetup asks the kernel for, which tells the file itself to root alone. */
  private static Optional<String> numberedLoop(String number) throws IOException {
    Optional<HostProgram> losetup = HostProgram.find("losetup");
    if (losetup.isEmpty() || number.startsWith(DEVICE)) {
      return Optional.empty();
    }
    String[] file = number.split(":", -1);
    return loopOf(losetup.get().run(LOOPS).out(), Long.parseLong(file[0]), file[1])
        .flatMap(DiskUsers::shown);
  }

  /** The loop device that shows this file, among those that losetup lists by {@link #LOOPS}. */
  static Optional<String> loopOf(String list, long device, String inode) {
    List<String> wanted = List.of(inode, majorMinor(device));
    return list.lines()
        .map(line -> List.of(line.strip().split(" +", -1)))
        .filter(columns -> columns.subList(1, columns.size()).equals(wanted))
        .findFirst()
        .map(columns -> columns.get(0));
  }

  /** Which process was seen, if any, and whether some could not be looked at. */
  private record Look(long pid, boolean unseen) {
    Optional<String> user() {
      return pid < 0 ? Optional.empty() : Optional.of("the process " + pid + " has it open");
    }
  }

  private static Look process(Set<String> numbers, Set<Long> except) throws IOException {
    boolean unseen = false;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
      for (Path process : all) {
        long pid = Long.parseLong(String.valueOf(process.getFileName()));
        if (except.contains(pid)) {
          continue;
        }
        try (DirectoryStream<Path> open = Files.newDirectoryStream(process.resolve("fd"))) {
          for (Path descriptor : open) {
            if (isOpen(descriptor, numbers)) {
              return new Look(pid, unseen);
            }
          }
        } catch (AccessDeniedException e) {
          unseen = true;
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
          // It has ended meanwhile.
        }
      }
    }
    return new Look(NOBODY, unseen);
  }

  private static boolean isOpen(Path descriptor, Set<String> numbers) {
    try {
      return numbers.contains(number(descriptor));
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }
}
