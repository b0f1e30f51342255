package dev.stillpoint.backends.qemu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The hosts on which an image lies: one that the guest itself serves would wait for the guest for
 * ever once that is frozen.
 */
final class StorageHosts {
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

  /** {@code nbd://host:port/...} and the like, {@code nbd:host:port}, and {@code "host": "..."}. */
  private static final List<Pattern> IN_NAMES =
      List.of(
          Pattern.compile("^[a-z+]+://(?:[^@/]*@)?(\\[[^]]+]|[^:/?]+)"),
          Pattern.compile("^nbd:(?!unix:)([^:]+):"),
          Pattern.compile("\"(?:server\\.)?host\"\\s*:\\s*\"([^\"]+)\""));

  /** {@code host:/export} of NFS and its like, and {@code //host/share}. */
  private static final Pattern IN_MOUNTS =
      Pattern.compile("^(?://([^/]+)/|(\\[[^]]+]|[^:/]+):/).*");

  private StorageHosts() {}

  /** The hosts of an image as QEMU names it, or of a path on this host; lower case. */
  static Set<String> of(String image) {
    if (image.startsWith("/")) {
      return mountedFrom(Path.of(image)).map(Set::of).orElse(Set.of());
    }
    for (Pattern pattern : IN_NAMES) {
      Matcher found = pattern.matcher(image);
      if (found.find()) {
        return Set.of(plain(found.group(1)));
      }
    }
    return Set.of();
  }

  private static Optional<String> mountedFrom(Path file) {
    try (Stream<String> lines = Files.lines(MOUNTS, StandardCharsets.ISO_8859_1)) {
      return lines
          .map(Mount::parse)
          .flatMap(Optional::stream)
          .filter(mount -> file.startsWith(mount.point()))
          // The last of the longest is what one sees there.
          .reduce((one, other) ->
              other.point().getNameCount() >= one.point().getNameCount() ? other : one)
          .flatMap(mount -> hostOf(mount.source()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  static Optional<String> hostOf(String source) {
    Matcher found = IN_MOUNTS.matcher(source);
    return found.matches()
        ? Optional.of(plain(found.group(1) == null ? found.group(2) : found.group(1)))
        : Optional.empty();
  }

  private static String plain(String host) {
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return bare.toLowerCase(Locale.ROOT);
  }

  /**
   * A line of mountinfo: the mount point is the fifth field, the source the second after a dash.
   */
  private record Mount(Path point, String source) {
    private static final int POINT = 4;

    static Optional<Mount> parse(String line) {
      String[] halves = line.split(" - ", 2);
      String[] left = halves[0].split(" ", -1);
      String[] right = halves.length == 2 ? halves[1].split(" ", -1) : new String[0];
      if (left.length <= POINT || right.length < 2) {
        return Optional.empty();
      }
      try {
        return Optional.of(new Mount(Path.of(plainPath(left[POINT])), right[1]));
      } catch (InvalidPathException e) {
        // A name that this locale cannot express is not one of ours.
        return Optional.empty();
      }
    }

    /** The kernel writes a blank in a path as {@code \040}, and all other bytes as they are. */
    private static String plainPath(String field) {
      byte[] bytes = field.replace("\\040", " ").getBytes(StandardCharsets.ISO_8859_1);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
