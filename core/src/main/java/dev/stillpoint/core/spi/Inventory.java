package dev.stillpoint.core.spi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an operation has made, or is about to make, for one disk.
 *
 * @param disk the disk, as the caller named it or as the engine found it
 * @param method the method that cuts it
 * @param way the method's own word for how
 * @param source what the machine writes to before the cut, such as an image's path
 * @param node what the hypervisor calls that; empty where the method has none
 * @param options what else the method needs to find it again; its own keys, and no secrets
 * @param belongings everything of the operation's that is not the machine's or the caller's yet
 */
public record Inventory(
    String disk,
    String method,
    String way,
    String source,
    Optional<String> node,
    Map<String, String> options,
    List<Belonging> belongings) {

  /** Copies the list and the options. */
  public Inventory {
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    belongings = List.copyOf(belongings);
  }

  /** The same disk with nothing of the operation's. */
  public Inventory emptied() {
    return new Inventory(disk, method, way, source, node, options, List.of());
  }

  /**
   * One thing of an operation's, planned or made.
   *
   * @param role the method's own word for it, such as {@code overlay}
   * @param name a path, or the name that the hypervisor or the storage knows it by
   * @param file which file it is, so that none that took its place is ever removed; empty for other
   *     things, and until the file is made
   */
  public record Belonging(Kind kind, String role, String name, Optional<FileNumber> file) {}

  /** What kind of thing it is. */
  public enum Kind {
    /** A file of this host. */
    FILE,
    /** A node of the hypervisor's block graph. */
    NODE,
    /** A job of the hypervisor. */
    JOB,
    /** A snapshot or volume of a storage. */
    VOLUME
  }

  /**
   * The numbers that tell one file from another.
   *
   * @param device the file system's
   * @param inode the file's own
   */
  public record FileNumber(long device, long inode) {}
}
