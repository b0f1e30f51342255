package dev.stillpoint.backends.rbd;

import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.SnapshotName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An image, and how its cluster is reached.
 *
 * @param namespace within the pool; empty text for the default one
 * @param access options of the program by their names: {@code conf}, {@code id}, {@code cluster},
 *     {@code mon}; no secrets
 */
record RbdImage(String pool, String namespace, String image, Map<String, String> access) {
  /** The name of each option of a disk that is one of the program too. */
  static final List<String> ACCESS = List.of("conf", "id", "cluster", "mon");

  private static final String PROTOCOL = "rbd";
  private static final String POOL = "pool";
  private static final String NAMESPACE = "namespace";
  private static final String IMAGE = "image";
  private static final String SNAPSHOT = "snapshot";

  private static final Pattern NAME = Pattern.compile("[^/@\\p{Cntrl}]+");
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
  private static final Pattern CONF = Pattern.compile("/[^\\p{Cntrl},]*");
  private static final Pattern MONITORS = Pattern.compile("[A-Za-z0-9\\[][A-Za-z0-9:.,/\\[\\]-]*");

  RbdImage {
    access = Map.copyOf(access);
  }

  /** Why nothing can have these names; empty where all may be. */
  Optional<String> trouble() {
    for (String name : List.of(pool, image, namespace.isEmpty() ? "-" : namespace)) {
      if (!NAME.matcher(name).matches()) {
        return Optional.of("'" + name + "' is no name of a pool, a namespace or an image");
      }
    }
    for (Map.Entry<String, String> one : access.entrySet()) {
      Pattern allowed =
          switch (one.getKey()) {
            case "conf" -> CONF;
            case "mon" -> MONITORS;
            default -> PLAIN;
          };
      if (!allowed.matcher(one.getValue()).matches()) {
        return Optional.of(
            "'"
                + one.getValue()
                + "' cannot be the "
                + one.getKey()
                + (one.getKey().equals("conf") ? ": it is an absolute path" : ""));
      }
    }
    return Optional.empty();
  }

  RbdImage withAccess(Map<String, String> found) {
    return new RbdImage(pool, namespace, image, found);
  }

  /** The program's arguments that say which image in which cluster. */
  List<String> arguments() {
    var arguments = new ArrayList<String>();
    for (String name : ACCESS) {
      String value = access.get(name);
      if (value != null) {
        arguments.addAll(List.of(name.equals("mon") ? "-m" : "--" + name, value));
      }
    }
    // Joined, so that no name is taken for an option.
    arguments.add("--pool=" + pool);
    if (!namespace.isEmpty()) {
      arguments.add("--namespace=" + namespace);
    }
    arguments.add("--image=" + image);
    return arguments;
  }

  /** Pool, namespace and image, as the program writes them. */
  String text() {
    return pool + "/" + (namespace.isEmpty() ? "" : namespace + "/") + image;
  }

  StorageSnapshot snapshot(SnapshotName name) {
    var options = new LinkedHashMap<String, String>();
    options.put(POOL, pool);
    options.put(NAMESPACE, namespace);
    options.put(IMAGE, image);
    options.put(SNAPSHOT, name.text());
    for (String one : ACCESS) {
      String value = access.get(one);
      if (value != null) {
        options.put(one, value);
      }
    }
    return new StorageSnapshot(text() + "@" + name, options);
  }

  /** What a snapshot is one of. */
  static RbdImage of(StorageSnapshot snapshot) {
    var access = new LinkedHashMap<>(snapshot.options());
    access.keySet().retainAll(ACCESS);
    return new RbdImage(
        snapshot.option(POOL), snapshot.option(NAMESPACE), snapshot.option(IMAGE), access);
  }

  /** The name of a snapshot within its image. */
  static String nameIn(StorageSnapshot snapshot) {
    return snapshot.option(SNAPSHOT);
  }

  /** A snapshot of it. Where a machine has no format above the image, QEMU names the protocol. */
  DiskSource at(String snapshot, String format) {
    Optional<String> space = Optional.of(namespace).filter(name -> !name.isEmpty());
    String plain = format.equals(PROTOCOL) ? "raw" : format;
    return new DiskSource.Rbd(pool, space, image, Optional.of(snapshot), plain);
  }
}
