package dev.stillpoint.core.disk.xml;

import dev.stillpoint.core.disk.MethodChoice;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads {@code <diskSnapshot method='NAME'>}, by itself or in a {@code <disk>}.
 *
 * <p>What is in it becomes the options of the method, by one rule for all:
 *
 * <ul>
 *   <li>an element with one attribute: its name, with the value of the attribute, whatever that is
 *       called; so {@code <device path='/dev/vg/lv4'/>} is {@code device=/dev/vg/lv4};
 *   <li>an element with several attributes: {@code element.attribute} for each;
 *   <li>an element without attributes: its name, with its text less the white space around it.
 * </ul>
 *
 * <p>Where this release knows how a method spells something, only that attribute counts as the
 * element's own, and each other one is {@code element.attribute}, also when it stands alone. These
 * are, by method: lvm {@code <device path=>}, zfs {@code <dataset name=>} and {@code <file path=>},
 * btrfs {@code <snapshots path=>}, reflink {@code <file path=>}, qemu {@code <overlay path=>}, exec
 * {@code <program path=>} and {@code <volume name=>}. For rbd {@code <image pool= namespace=
 * name=>} is {@code image=pool/namespace/name}, without those that are not given; a name alone may
 * have them all in it. For every method {@code <host at=>} is {@code at}.
 *
 * <p>Elements and attributes of a namespace are passed over. Anything else is an error: an option
 * that is given twice, elements within an element, text beside attributes or beside elements, and
 * other attributes of {@code <diskSnapshot>} itself. A choice is never ignored.
 */
public final class MethodXml {
  /** The name of the element. */
  static final String ELEMENT = "diskSnapshot";

  private static final String METHOD = "method";

  /** By method and element, the attribute that is the element's own. */
  private static final Map<String, String> OWN =
      Map.of(
          "lvm device", "path",
          "zfs dataset", "name",
          "zfs file", "path",
          "btrfs snapshots", "path",
          "reflink file", "path",
          "qemu overlay", "path",
          "exec program", "path",
          "exec volume", "name");

  private static final Set<String> IMAGE_PARTS = Set.of("pool", "namespace", "name");

  private MethodXml() {}

  /**
   * The method that a document with {@code <diskSnapshot>} as its document element asks for.
   *
   * @param xml at most {@link DiskXml#MAX_LENGTH} characters
   * @throws DiskXmlException when it is not such a document
   */
  public static MethodChoice parse(String xml) {
    XmlElement root = XmlReader.read(xml);
    if (!root.is(ELEMENT)) {
      throw DiskXmlException.at(
          root, "this is a <" + root.tag().name() + ">, and a <diskSnapshot> was expected");
    }
    return read(root);
  }

  static MethodChoice read(XmlElement element) {
    for (String attribute : element.attributes().keySet()) {
      if (!attribute.equals(METHOD)) {
        throw DiskXmlException.at(element, "<diskSnapshot> knows no attribute '" + attribute + "'");
      }
    }
    String method =
        element
            .attribute(METHOD)
            .filter(name -> !name.isBlank())
            .orElseThrow(() -> DiskXmlException.at(element, "<diskSnapshot> names no method"));
    if (!element.text().isBlank()) {
      throw DiskXmlException.at(element, "<diskSnapshot> has text in it, which no method reads");
    }
    Map<String, String> options = new LinkedHashMap<>();
    for (XmlElement child : element.children()) {
      if (child.isOfNoNamespace()) {
        options(method, child).forEach((name, value) -> put(options, name, value, child));
      }
    }
    return new MethodChoice(method, options);
  }

  private static void put(
      Map<String, String> options, String name, String value, XmlElement element) {
    if (options.putIfAbsent(name, value) != null) {
      throw DiskXmlException.at(element, "<diskSnapshot> gives the option '" + name + "' twice");
    }
  }

  private static Map<String, String> options(String method, XmlElement element) {
    boolean bare = element.attributes().isEmpty();
    if (!element.children().isEmpty() || !(bare || element.text().isBlank())) {
      throw DiskXmlException.at(
          element,
          "<" + element.name() + "> in <diskSnapshot> has attributes or text, and no more in it");
    }
    if (bare) {
      return Map.of(element.name(), element.text().strip());
    }
    if (method.equals("rbd") && element.is("image")) {
      return Map.of("image", image(element));
    }
    if (element.is("host")) {
      return named(element, "at", "at");
    }
    String own = OWN.get(method + " " + element.name());
    if (own == null && element.attributes().size() == 1) {
      own = element.attributes().keySet().iterator().next();
    }
    return named(element, own == null ? "" : own, element.name());
  }

  /** Each attribute as an option; {@code own} has a name of its own. */
  private static Map<String, String> named(XmlElement element, String own, String ownName) {
    Map<String, String> options = new LinkedHashMap<>();
    element
        .attributes()
        .forEach((name, value) ->
            options.put(name.equals(own) ? ownName : element.name() + "." + name, value));
    return options;
  }

  private static String image(XmlElement element) {
    boolean parts = element.attributes().size() > 1;
    for (Map.Entry<String, String> part : element.attributes().entrySet()) {
      if (!IMAGE_PARTS.contains(part.getKey())) {
        throw DiskXmlException.at(
            element, "<image> has a pool, a namespace and a name, and no '" + part.getKey() + "'");
      }
      String value = part.getValue();
      if (value.isEmpty() || value.indexOf('@') >= 0 || (parts && value.indexOf('/') >= 0)) {
        throw DiskXmlException.at(
            element, "the '" + part.getKey() + "' of <image> is empty or has '/' or '@' in it");
      }
    }
    Optional<String> pool = element.attribute("pool");
    Optional<String> namespace = element.attribute("namespace");
    Optional<String> name = element.attribute("name");
    if (name.isEmpty() || (namespace.isPresent() && pool.isEmpty())) {
      throw DiskXmlException.at(
          element, "<image> has no " + (name.isEmpty() ? "name" : "pool for its namespace"));
    }
    return pool.map(text -> text + "/").orElse("")
        + namespace.map(text -> text + "/").orElse("")
        + name.get();
  }
}
