package dev.stillpoint.backends.layers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What the kernel says of a path, with all links followed.
 *
 * @param device of the file system that holds it, as {@code major:minor}
 * @param target for a device, the one that it stands for
 */
record HostFile(Path path, Kind kind, String device, long inode, String target) {
  private static final int TYPE = 0xf000;

  /** What a disk can be, and what it cannot. */
  enum Kind {
    REGULAR("a file"),
    BLOCK("a block device"),
    DIRECTORY("a directory"),
    PIPE("a pipe"),
    CHARACTER("a character device"),
    SOCKET("a socket"),
    OTHER("something else");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }

    boolean canBeDisk() {
      return this == REGULAR || this == BLOCK;
    }

    static Kind of(int mode) {
      return switch (mode & TYPE) {
        case 0x8000 -> REGULAR;
        case 0x6000 -> BLOCK;
        case 0x4000 -> DIRECTORY;
        case 0x1000 -> PIPE;
        case 0x2000 -> CHARACTER;
        case 0xc000 -> SOCKET;
        default -> OTHER;
      };
    }
  }

  static HostFile read(Path path) throws IOException {
    Path real = path.toRealPath();
    Map<String, Object> seen = Files.readAttributes(real, "unix:mode,dev,ino,rdev");
    return new HostFile(
        real,
        Kind.of((int) number(seen, "mode")),
        shown(number(seen, "dev")),
        number(seen, "ino"),
        shown(number(seen, "rdev")));
  }

  private static long number(Map<String, Object> seen, String name) throws IOException {
    if (seen.get(name) instanceof Number number) {
      return number.longValue();
    }
    throw new IOException("this system does not tell " + name);
  }

  /** As the C library of Linux packs a device's number. */
  static String shown(long device) {
    long major = (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
    long minor = (device & 0xff) | (device >>> 12 & ~0xffL);
    return major + ":" + (minor & 0xffffffffL);
  }
}
