package dev.stillpoint.testkit.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** Who listens on which unix socket, read from {@code /proc} without connecting to anybody. */
final class ListeningSockets {
  /** {@code __SO_ACCEPTCON} of the kernel, as the table prints it. */
  private static final String ACCEPTS = "00010000";

  private static final int FLAGS = 3;
  private static final int INODE = 6;
  private static final int PATH = 7;

  private ListeningSockets() {}

  /**
   * The inodes of the sockets that listen at this path; usually none or one.
   *
   * @param pid of a process, in whose network they are
   */
  static Set<String> inodes(Path socket, long pid) {
    Path wanted = canonical(socket);
    var inodes = new HashSet<String>();
    try {
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "net", "unix"))) {
        String[] columns = line.strip().split("\\s+", PATH + 1);
        if (columns.length > PATH
            && columns[FLAGS].equals(ACCEPTS)
            && canonical(Path.of(columns[PATH])).equals(wanted)) {
          inodes.add(columns[INODE]);
        }
      }
      return inodes;
    } catch (IOException e) {
      // The process has ended: it listens nowhere.
      return Set.of();
    }
  }

  /** Whether this process holds one of these sockets open. */
  static boolean holds(long pid, Set<String> inodes) {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return descriptors.anyMatch(descriptor -> inodes.contains(socketInode(descriptor)));
    } catch (IOException e) {
      // The process ended, or is not ours to look at: it holds nothing that we can vouch for.
      return false;
    }
  }

  private static String socketInode(Path descriptor) {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return target.startsWith("socket:[") ? target.substring(8, target.length() - 1) : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** A socket's own name is no link; its directory may be reached through one. */
  private static Path canonical(Path socket) {
    Path absolute = socket.toAbsolutePath().normalize();
    try {
      Path directory = Objects.requireNonNullElse(absolute.getParent(), absolute);
      return directory
          .toRealPath()
          .resolve(Objects.requireNonNullElse(absolute.getFileName(), absolute));
    } catch (IOException e) {
      return absolute;
    }
  }
}
