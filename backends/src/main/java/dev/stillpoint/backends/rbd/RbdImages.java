package dev.stillpoint.backends.rbd;

import dev.stillpoint.backends.address.RbdName;
import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.LocatedDisk;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds which image a disk is, from what the caller says or from QEMU's name of it. */
final class RbdImages {
  /** The option with {@code pool/namespace/image}. */
  static final String IMAGE = "image";

  /** In the name that QEMU was given, and in the one that it makes of its options. */
  private static final Pattern IN_NAME = Pattern.compile(":(conf|id)=([^:]*)");

  private static final Pattern IN_JSON =
      Pattern.compile("\"(?:[a-z0-9-]+\\.)*(conf|user)\" *: *\"([^\"\\\\]*)\"");

  private static final Pattern SERVERS =
      Pattern.compile("\"(?:[a-z0-9-]+\\.)*server\\b|:mon_host=");

  private static final Set<String> CLUSTERS = Set.of("conf", "cluster", "mon");

  private RbdImages() {}

  static RbdImage of(LocatedDisk disk) {
    Set<String> known = new TreeSet<>(RbdImage.ACCESS);
    known.add(IMAGE);
    disk.requireOptionsAmong(known);
    Map<String, String> access = new LinkedHashMap<>(accessIn(disk.source()));
    for (String name : RbdImage.ACCESS) {
      if (disk.options().containsKey(name)) {
        access.put(name, disk.options().get(name));
      }
    }
    requireKnownCluster(disk, access);
    Optional<RbdImage> told = told(disk);
    told.ifPresent(image -> requireSame(disk, image));
    RbdImage found = told.orElseGet(() -> seen(disk)).withAccess(access);
    found
        .trouble()
        .ifPresent(trouble -> {
          throw disk.refusal(ErrorCode.BAD_REQUEST, trouble);
        });
    return found;
  }

  /** The monitors that QEMU was told are not those that the host's own configuration names. */
  private static void requireKnownCluster(LocatedDisk disk, Map<String, String> access) {
    boolean told =
        disk.source() instanceof DiskSource.Remote remote
            && SERVERS.matcher(remote.address()).find();
    if (told && access.keySet().stream().noneMatch(CLUSTERS::contains)) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "QEMU was told the monitors of the cluster of '"
              + disk.name()
              + "'; say conf=, cluster= or mon=, so that it is that one");
    }
  }

  /** Where the image is seen, it must be the one that was told. */
  private static void requireSame(LocatedDisk disk, RbdImage told) {
    RbdImage seen;
    try {
      seen = seen(disk);
    } catch (SnapshotException e) {
      return;
    }
    if (!seen.withAccess(Map.of()).equals(told.withAccess(Map.of()))) {
      throw disk.refusal(
          ErrorCode.BAD_REQUEST, "the image of '" + disk.name() + "' is another one than was told");
    }
  }

  private static Optional<RbdImage> told(LocatedDisk disk) {
    if (!disk.options().containsKey(IMAGE)) {
      return Optional.empty();
    }
    String text = disk.options().get(IMAGE);
    try {
      DiskSource.Rbd image = DiskSource.Rbd.at(text, disk.source().format());
      if (image.snapshot().isEmpty()) {
        return Optional.of(of(image.pool(), image.namespace(), image.image()));
      }
    } catch (IllegalArgumentException e) {
      // Said below, in the same words as of a snapshot.
    }
    throw disk.refusal(
        ErrorCode.BAD_REQUEST,
        "an image is pool/image or pool/namespace/image, and not '" + text + "'");
  }

  private static RbdImage seen(LocatedDisk disk) {
    return switch (disk.source()) {
      case DiskSource.Rbd rbd -> of(disk, rbd.pool(), rbd.namespace(), rbd.image(), rbd.snapshot());
      case DiskSource.Remote remote -> {
        DiskSource.Rbd rbd =
            RbdName.read(remote.address(), remote.format()).orElseThrow(() -> unsuitable(disk));
        yield of(disk, rbd.pool(), rbd.namespace(), rbd.image(), rbd.snapshot());
      }
      case DiskSource.Device device -> of(disk, LayerFinder.on(device.path()).stream().findFirst());
      default -> throw unsuitable(disk);
    };
  }

  private static RbdImage of(LocatedDisk disk, Optional<Layer> layer) {
    if (layer.isPresent() && layer.get() instanceof Layer.RbdImage rbd) {
      return of(disk, rbd.pool(), rbd.namespace(), rbd.image(), rbd.snapshot());
    }
    throw unsuitable(disk);
  }

  private static RbdImage of(
      LocatedDisk disk,
      String pool,
      Optional<String> namespace,
      String image,
      Optional<String> snapshot) {
    if (snapshot.isPresent()) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "'" + disk.name() + "' is a snapshot itself, and stands still");
    }
    return of(pool, namespace, image);
  }

  private static RbdImage of(String pool, Optional<String> namespace, String image) {
    return new RbdImage(pool, namespace.orElse(""), image, Map.of());
  }

  private static RuntimeException unsuitable(LocatedDisk disk) {
    return disk.refusal(
        ErrorCode.DISK_UNSUITABLE,
        "'"
            + disk.name()
            + "' is no image of Ceph that is seen from here; if it is one, say image=");
  }

  private static Map<String, String> accessIn(DiskSource source) {
    if (!(source instanceof DiskSource.Remote remote)) {
      return Map.of();
    }
    Map<String, String> found = new LinkedHashMap<>();
    for (Pattern pattern : List.of(IN_NAME, IN_JSON)) {
      boolean fits = remote.address().startsWith(pattern == IN_NAME ? "rbd:" : "json:");
      Matcher matcher = pattern.matcher(remote.address());
      while (fits && matcher.find()) {
        found.put(matcher.group(1).equals("conf") ? "conf" : "id", matcher.group(2));
      }
    }
    return found;
  }
}
