package dev.stillpoint.backends.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One process, told apart from any other that has had or will have its number: Linux numbers start
 * times and boots. A machine's incarnation is the identity of its QEMU.
 *
 * @param pid its number
 * @param startTicks when it started, in clock ticks since the boot (field 22 of {@code
 *     /proc/PID/stat}); -1 where it cannot be told
 * @param bootId which boot that was; empty where it cannot be told
 */
public record ProcessIdentity(long pid, long startTicks, String bootId) {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** Fields of {@code /proc/PID/stat} after the name, which may hold blanks itself. */
  private static final int START_FIELD_AFTER_NAME = 19;

  private static final long UNKNOWN = -1;

  /** {@code qemu-system-x86_64}, {@code qemu-storage-daemon}; {@code qemu-kvm} on some systems. */
  private static final String QEMU = "qemu-";

  /** This process. */
  public static ProcessIdentity current() {
    long pid = ProcessHandle.current().pid();
    return new ProcessIdentity(pid, startTicks(pid).orElse(UNKNOWN), bootNow());
  }

  /** The process that has this number now; empty if there is none. */
  public static Optional<ProcessIdentity> of(long pid) {
    return startTicks(pid).map(ticks -> new ProcessIdentity(pid, ticks, bootNow()));
  }

  /**
   * The QEMU that has this number now; empty if there is none, if it is another program, such as a
   * proxy or whoever opened the socket for QEMU, or if that cannot be told.
   */
  public static Optional<ProcessIdentity> ofQemu(long pid) {
    try {
      Path program = Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "exe"));
      String name = String.valueOf(program.getFileName());
      return name.startsWith(QEMU) ? of(pid) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether it still runs: the same number, start and boot. Stopped is not gone, a zombie is. */
  public boolean isAlive() {
    return bootId.equals(bootNow()) && startTicks(pid).filter(now -> now == startTicks).isPresent();
  }

  /** Number, start and boot in one word, as in the journal. */
  @Override
  public String toString() {
    return pid + "@" + startTicks + "/" + bootId;
  }

  /** Reads back what {@link #toString} wrote; empty when it is nothing of the kind. */
  public static Optional<ProcessIdentity> parse(String text) {
    int at = text.indexOf('@');
    int slash = text.indexOf('/');
    if (at < 0 || slash < at) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new ProcessIdentity(
              Long.parseLong(text.substring(0, at)),
              Long.parseLong(text.substring(at + 1, slash)),
              text.substring(slash + 1)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<Long> startTicks(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      boolean ended = fields[0].equals("Z") || fields[0].equals("X");
      return ended ? Optional.empty() : Optional.of(Long.valueOf(fields[START_FIELD_AFTER_NAME]));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static String bootNow() {
    try {
      return Files.readString(BOOT_ID).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
