package dev.stillpoint.core.disk.xml;

import dev.stillpoint.core.disk.DiskSource;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads the {@code <source>} of a {@code <disk>}. */
final class SourceReader {
  private static final List<String> LOCATORS =
      List.of("file", "dev", "dir", "protocol", "name", "pool", "volume");

  private static final Set<String> TYPES = Set.of("file", "block", "volume", "network");

  private SourceReader() {}

  /**
   * Where the bytes of a disk live; empty where its source is missing or names nothing, as that of
   * a drive without a medium.
   *
   * @throws DiskXmlException when the source does not fit the type of the disk, or is of a type
   *     that is not understood
   */
  static Optional<DiskSource> read(XmlElement disk, String format) {
    String type = type(disk);
    if (!TYPES.contains(type)) {
      throw DiskXmlException.at(disk, "a disk of type='" + type + "' is not understood here");
    }
    Optional<XmlElement> source = disk.child("source");
    if (source.isEmpty() || LOCATORS.stream().noneMatch(source.get().attributes()::containsKey)) {
      return Optional.empty();
    }
    XmlElement element = source.get();
    return Optional.of(
        switch (type) {
          case "file" -> new DiskSource.File(path(element, "file", type), format);
          case "block" -> new DiskSource.Device(path(element, "dev", type), format);
          case "volume" ->
              new DiskSource.Pooled(
                  needed(element, "pool", type), needed(element, "volume", type), format);
          default -> network(element, format);
        });
  }

  /** The type of a disk; libvirt takes one that has none for a file. */
  static String type(XmlElement disk) {
    return disk.attribute("type").orElse("file");
  }

  private static Path path(XmlElement source, String attribute, String type) {
    String text = needed(source, attribute, type);
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException e) {
      throw DiskXmlException.at(
          source, "the path in '" + attribute + "' cannot be one on this host: " + e.getReason());
    }
    throw DiskXmlException.at(source, "the path in '" + attribute + "' is not absolute: " + text);
  }

  private static String needed(XmlElement source, String attribute, String type) {
    return source
        .attribute(attribute)
        .filter(text -> !text.isEmpty())
        .orElseThrow(() ->
            DiskXmlException.at(
                source,
                "<source> has no '" + attribute + "', which a disk of type='" + type + "' needs"));
  }

  private static DiskSource network(XmlElement source, String format) {
    String protocol = needed(source, "protocol", "network");
    return protocol.equals("rbd")
        ? rbd(source, format)
        : new DiskSource.Remote(address(source, protocol), format);
  }

  private static DiskSource.Rbd rbd(XmlElement source, String format) {
    String name = needed(source, "name", "network");
    Optional<String> snapshot =
        source.child("snapshot").map(element -> needed(element, "name", "network"));
    if (snapshot.isPresent() && name.indexOf('@') >= 0) {
      throw DiskXmlException.at(source, "<source> names a snapshot in 'name' and in <snapshot>");
    }
    try {
      return DiskSource.Rbd.at(name + snapshot.map(it -> "@" + it).orElse(""), format);
    } catch (IllegalArgumentException e) {
      throw DiskXmlException.at(source, String.valueOf(e.getMessage()));
    }
  }

  /** For a person: hosts and name, without a query, in which secrets may be. */
  private static String address(XmlElement source, String protocol) {
    String hosts =
        source.children("host").stream().map(SourceReader::host).collect(Collectors.joining(","));
    return protocol + "://" + hosts + source.attribute("name").map(name -> "/" + name).orElse("");
  }

  private static String host(XmlElement host) {
    String port = host.attribute("port").map(number -> ":" + number).orElse("");
    return host.attribute("socket")
        .orElseGet(() -> host.attribute("name").map(SourceReader::bracketed).orElse("") + port);
  }

  private static String bracketed(String name) {
    return name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name;
  }
}
