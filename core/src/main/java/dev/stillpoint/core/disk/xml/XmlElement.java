package dev.stillpoint.core.disk.xml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An element: what the parser says that it means, and where it stands in the text. Elements and
 * attributes of a namespace are none of libvirt's and not found by name.
 */
final class XmlElement {
  private final String namespace;
  private final String name;
  private final Map<String, String> attributes;
  private final Tag tag;
  private final List<XmlElement> children = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  /**
   * An element without content.
   *
   * @param name without prefix
   * @param attributes those of no namespace, in the order in which they are written
   */
  XmlElement(String namespace, String name, Map<String, String> attributes, Tag tag) {
    this.namespace = namespace;
    this.name = name;
    this.attributes = Collections.unmodifiableMap(attributes);
    this.tag = tag;
  }

  /** For the reader alone, while it reads. */
  void add(XmlElement child) {
    children.add(child);
  }

  /** For the reader alone, while it reads. */
  void add(char[] characters, int start, int length) {
    text.append(characters, start, length);
  }

  String name() {
    return name;
  }

  Tag tag() {
    return tag;
  }

  boolean is(String wanted) {
    return isOfNoNamespace() && name.equals(wanted);
  }

  boolean isOfNoNamespace() {
    return namespace.isEmpty();
  }

  Map<String, String> attributes() {
    return attributes;
  }

  Optional<String> attribute(String wanted) {
    return Optional.ofNullable(attributes.get(wanted));
  }

  /** The text directly in it, that of CDATA sections included. */
  String text() {
    return text.toString();
  }

  List<XmlElement> children() {
    return Collections.unmodifiableList(children);
  }

  List<XmlElement> children(String wanted) {
    return children.stream().filter(child -> child.is(wanted)).toList();
  }

  boolean has(String wanted) {
    return children.stream().anyMatch(child -> child.is(wanted));
  }

  /**
   * The one child of that name, if there is one.
   *
   * @throws DiskXmlException when there are several, of which nobody could say which one counts
   */
  Optional<XmlElement> child(String wanted) {
    List<XmlElement> found = children(wanted);
    if (found.size() > 1) {
      throw DiskXmlException.at(
          found.get(1), "<" + name + "> has more than one <" + wanted + ">, where one may be");
    }
    return found.stream().findFirst();
  }
}
