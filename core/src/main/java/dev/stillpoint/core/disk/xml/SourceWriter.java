package dev.stillpoint.core.disk.xml;

import dev.stillpoint.core.disk.DiskSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes the {@code <source>} of a {@code <disk>}. Of the old one stays what is true of the new one
 * too; {@code docs/xml.md} has the table.
 */
final class SourceWriter {
  /** How the bytes of the old source are to be read: only true of a copy of them. */
  private static final Set<String> OF_THE_BYTES = Set.of("encryption", "slices", "dataStore");

  /** What libvirt keeps about the old source while the machine runs. */
  private static final Set<String> OF_THE_RUN = Set.of("privateData");

  private static final Set<String> ATTRIBUTES_OF_THE_OLD = Set.of("index", "fdgroup");

  private static final Set<String> LOCAL = Set.of("file", "block", "volume");

  private static final String SNAPSHOT = "snapshot";

  private final String text;
  private final XmlElement disk;
  private final boolean sameBytes;

  /**
   * For one disk.
   *
   * @param sameBytes whether the new source has the same bytes in the same format as the old one
   */
  SourceWriter(String text, XmlElement disk, boolean sameBytes) {
    this.text = text;
    this.disk = disk;
    this.sameBytes = sameBytes;
  }

  /**
   * The type of a disk with that source.
   *
   * @throws DiskXmlException when libvirt's XML cannot name it
   */
  static String type(DiskSource source) {
    return switch (source) {
      case DiskSource.File file -> "file";
      case DiskSource.Device device -> "block";
      case DiskSource.Rbd rbd -> "network";
      case DiskSource.Pooled pooled -> "volume";
      case DiskSource.Internal inside ->
          throw DiskXmlException.of("a snapshot inside an image cannot be written as a <source>");
      case DiskSource.Remote remote ->
          throw DiskXmlException.of(
              "what is neither a file, a device, an rbd image nor a volume of a pool cannot be written"
                  + " as a <source>");
    };
  }

  /** Changes the old source into the new one, within the bounds of the old one's text. */
  void change(Edits edits, XmlElement old, DiskSource to) {
    if (isOfTheKindOf(old, to)) {
      changeInPlace(edits, old, to);
    } else {
      edits.replace(old.tag().start(), old.tag().end(), replacement(old, to));
    }
  }

  /** Whether the old source and the new one differ in nothing but their names. */
  boolean isOfTheKindOf(XmlElement old, DiskSource to) {
    return SourceReader.type(disk).equals(type(to))
        && (!(to instanceof DiskSource.Rbd)
            || old.attribute("protocol").filter("rbd"::equals).isPresent());
  }

  private void changeInPlace(Edits edits, XmlElement old, DiskSource to) {
    locators(to)
        .forEach((name, value) -> {
          if (!old.attribute(name).equals(Optional.of(value))) {
            edits.set(old.tag(), name, value);
          }
        });
    ATTRIBUTES_OF_THE_OLD.forEach(name -> edits.unset(old.tag(), name));
    if (to instanceof DiskSource.Pooled pooled
        && !old.attribute("pool").equals(Optional.of(pooled.pool()))) {
      // How a volume of the old pool is reached, which pools of other types do not know.
      edits.unset(old.tag(), "mode");
    }
    Optional<String> snapshot = snapshot(to);
    for (XmlElement child : old.children()) {
      if (child.is(SNAPSHOT) && snapshot.isPresent()) {
        edits.set(child.tag(), "name", snapshot.get());
      } else if (child.is(SNAPSHOT)
          || isOneOf(OF_THE_RUN, child)
          || (!sameBytes && isOneOf(OF_THE_BYTES, child))) {
        edits.remove(child);
      }
    }
    if (snapshot.isPresent() && !old.has(SNAPSHOT)) {
      edits.insertInto(old, snapshotElement(snapshot.get()));
    }
  }

  /** A source of another kind: what both kinds have is taken over. */
  private String replacement(XmlElement old, DiskSource to) {
    boolean local = LOCAL.contains(SourceReader.type(disk)) && LOCAL.contains(type(to));
    List<String> attributes = new ArrayList<>();
    var content = new StringBuilder();
    for (XmlElement child : old.children()) {
      if ((local && child.is("seclabel")) || (sameBytes && isOneOf(OF_THE_BYTES, child))) {
        content.append(text, child.tag().start(), child.tag().end());
      }
    }
    for (Tag.Attribute attribute : old.tag().attributes()) {
      boolean declares = attribute.name().startsWith("xmlns:") && !content.isEmpty();
      if (declares || (local && attribute.name().equals("startupPolicy"))) {
        attributes.add(text.substring(attribute.start(), attribute.end()));
      }
    }
    return element(to, attributes, content.toString());
  }

  /** A source where there was none. */
  static String fresh(DiskSource to) {
    return element(to, List.of(), "");
  }

  private static String element(DiskSource to, List<String> moreAttributes, String moreContent) {
    var element = new StringBuilder("<source");
    locators(to).forEach((name, value) -> element.append(' ').append(Edits.attribute(name, value)));
    moreAttributes.forEach(attribute -> element.append(' ').append(attribute));
    String content = snapshot(to).map(SourceWriter::snapshotElement).orElse("") + moreContent;
    return content.isEmpty()
        ? element.append("/>").toString()
        : element.append('>').append(content).append("</source>").toString();
  }

  private static Map<String, String> locators(DiskSource source) {
    Map<String, String> locators = new LinkedHashMap<>();
    switch (source) {
      case DiskSource.File file -> locators.put("file", path(file.path()));
      case DiskSource.Device device -> locators.put("dev", path(device.path()));
      case DiskSource.Rbd rbd -> {
        locators.put("protocol", "rbd");
        locators.put("name", name(rbd));
      }
      case DiskSource.Pooled pooled -> {
        locators.put("pool", told("pool", pooled.pool()));
        locators.put("volume", told("volume", pooled.volume()));
      }
      case DiskSource.Internal inside -> type(inside);
      case DiskSource.Remote remote -> type(remote);
    }
    return locators;
  }

  private static String path(Path path) {
    if (!path.isAbsolute()) {
      throw DiskXmlException.of("the path is not absolute: " + path);
    }
    // A name of bytes that are no text would be written as the name of another file.
    if (!Path.of(path.toString()).equals(path)) {
      throw DiskXmlException.of("the path has bytes in it that are no text: " + path);
    }
    return path.toString();
  }

  private static String name(DiskSource.Rbd rbd) {
    var parts = new ArrayList<>(List.of(rbd.pool(), rbd.image()));
    rbd.namespace().ifPresent(parts::add);
    for (String part : parts) {
      if (part.isEmpty() || part.indexOf('/') >= 0 || part.indexOf('@') >= 0) {
        throw DiskXmlException.of(
            "a pool, a namespace or an image of rbd is empty or has '/' or '@' in it: "
                + rbd.address());
      }
    }
    return rbd.pool() + "/" + rbd.namespace().map(text -> text + "/").orElse("") + rbd.image();
  }

  private static Optional<String> snapshot(DiskSource source) {
    return source instanceof DiskSource.Rbd rbd
        ? rbd.snapshot().map(name -> told(SNAPSHOT, name))
        : Optional.empty();
  }

  private static String told(String what, String name) {
    if (name.isEmpty()) {
      throw DiskXmlException.of("the name of the " + what + " is empty");
    }
    return name;
  }

  private static String snapshotElement(String name) {
    return "<" + SNAPSHOT + " " + Edits.attribute("name", name) + "/>";
  }

  private static boolean isOneOf(Set<String> names, XmlElement element) {
    return element.isOfNoNamespace() && names.contains(element.name());
  }
}
