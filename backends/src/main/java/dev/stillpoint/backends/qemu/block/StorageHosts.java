package dev.stillpoint.backends.qemu.block;

import dev.stillpoint.backends.host.Mounts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The hosts on which an image lies: one that the guest itself serves would wait for the guest for
 * ever once that is frozen.
 */
public final class StorageHosts {
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
  public static Set<String> of(String image) {
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
    try {
      return Mounts.own().of(file).flatMap(mount -> hostOf(mount.source()));
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
}
