package dev.stillpoint.backends.rbd;

import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.snapshot.ErrorCode;
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
    RbdImage found = told(disk).orElseGet(() -> seen(disk)).withAccess(access);
    found
        .trouble()
        .ifPresent(trouble -> {
          throw disk.refusal(ErrorCode.BAD_REQUEST, trouble);
        });
    return found;
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
      case DiskSource.Remote remote -> of(disk, LayerFinder.elsewhere(remote.address()));
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
