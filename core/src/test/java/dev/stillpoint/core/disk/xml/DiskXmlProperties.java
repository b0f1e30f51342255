package dev.stillpoint.core.disk.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.DiskSource;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** Any disk, with any source, given any other source. */
class DiskXmlProperties {
  /**
   * A document in three parts.
   *
   * @param before with {@code TYPE} for the disk's type attribute and {@code DRIVER} for that of
   *     the driver, where it has one
   */
  record Written(String before, DiskSource source, String sourceText, String after) {
    String text() {
      return before(source, "\"") + sourceText + after;
    }

    String before(DiskSource of, String quote) {
      String type = quote + SourceWriter.type(of) + quote;
      String format = quote + of.format() + quote;
      return before.replace("TYPE", "type=" + type).replace("DRIVER", "type=" + format);
    }
  }

  @Property(tries = 1000)
  void theSourceIsTheNewOneAndAllElseIsAsItWas(
      @ForAll("disks") Written disk, @ForAll("sources") DiskSource other) {
    // given
    DiskXml read = DiskXml.parse(disk.text());
    // when
    String modified = read.modifiedDisk(other);
    // then
    assertEquals(disk.source(), read.description().source().orElseThrow());
    assertEquals(
        read.description().withSource(other), DiskXml.parse(modified).description(), modified);
    assertTrue(withoutItsSource(disk.text()).isEqualNode(withoutItsSource(modified)), modified);
  }

  @Property(tries = 1000)
  void whatIsNotTheSourceStaysToTheCharacter(
      @ForAll("disks") Written disk, @ForAll("sources") DiskSource other) {
    // given: attributes that change are written in single quotes
    boolean typeChanges = !SourceWriter.type(other).equals(SourceWriter.type(disk.source()));
    boolean formatChanges = !other.format().equals(disk.source().format());
    String before =
        disk.before
            .replace("TYPE", attribute(SourceWriter.type(other), typeChanges))
            .replace("DRIVER", attribute(other.format(), formatChanges));
    // when
    String modified = DiskXml.parse(disk.text()).modifiedDisk(other);
    // then
    if (disk.source().equals(other)) {
      assertEquals(disk.text(), modified);
    } else {
      assertTrue(modified.startsWith(before + "<source"), () -> before + "\n\n" + modified);
      assertTrue(modified.endsWith(disk.after()), modified);
    }
  }

  private static String attribute(String value, boolean changed) {
    return changed ? "type='" + value + "'" : "type=\"" + value + "\"";
  }

  @Property(tries = 500)
  void thereAndBackIsTheSameDisk(
      @ForAll("disks") Written disk, @ForAll("sources") DiskSource other) {
    // given
    DiskXml read = DiskXml.parse(disk.text());
    // when
    DiskXml back =
        DiskXml.parse(DiskXml.parse(read.modifiedDisk(other)).modifiedDisk(disk.source()));
    // then
    assertEquals(read.description(), back.description());
  }

  @Property(tries = 500)
  void aBackupSourceNamesWhatItShould(
      @ForAll("disks") Written disk, @ForAll("sources") DiskSource other) {
    // when: it is put into a disk of its own
    String source = DiskXml.parse(disk.text()).backupSource(other);
    String around =
        "<disk type='%s'><driver type='%s'/>%s</disk>"
            .formatted(SourceWriter.type(other), other.format(), source);
    // then
    assertEquals(Optional.of(other), DiskXml.parse(around).description().source());
  }

  /** Cut anywhere, with anything put in: read, or refused in words, and never anything else. */
  @Property(tries = 2000)
  void brokenXmlIsRefusedAndNothingElseHappens(
      @ForAll("disks") Written disk, @ForAll("damage") String damage, @ForAll int where) {
    // given
    String text = disk.text();
    int at = Math.floorMod(where, text.length());
    String broken = text.substring(0, at) + damage + text.substring(at + at % 2);
    // then
    try {
      DiskXml read = DiskXml.parse(broken);
      DiskXml.parse(read.modifiedDisk(new DiskSource.File(Path.of("/new"), "qcow2")));
    } catch (DiskXmlException e) {
      assertTrue(e.line().isPresent(), e.getMessage());
    }
    String half = text.substring(0, Math.min(at, text.lastIndexOf("</disk")));
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(half));
  }

  private static Document withoutItsSource(String text) {
    Document document = dom(text);
    Element disk = document.getDocumentElement();
    disk.removeAttribute("type");
    for (Node child : children(disk)) {
      String name = child.getNodeName();
      boolean blank = child.getNodeType() == Node.TEXT_NODE && child.getTextContent().isBlank();
      if (blank || name.equals("source") || name.equals("backingStore")) {
        disk.removeChild(child);
      } else if (name.equals("driver")) {
        ((Element) child).removeAttribute("type");
      }
    }
    return document;
  }

  private static List<Node> children(Node parent) {
    List<Node> children = new ArrayList<>();
    for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
      children.add(child);
    }
    return children;
  }

  private static Document dom(String text) {
    try {
      var factory = DocumentBuilderFactory.newDefaultInstance();
      factory.setNamespaceAware(true);
      return factory.newDocumentBuilder().parse(new InputSource(new StringReader(text)));
    } catch (ParserConfigurationException | SAXException | IOException e) {
      throw new AssertionError(text, e);
    }
  }

  @Provide
  static Arbitrary<String> damage() {
    return Arbitraries.of(
        "",
        "<",
        ">",
        "&",
        "'",
        "\"",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<!DOCTYPE a>",
        "</disk>",
        "<source file='/x'/>",
        "\u0000",
        "\uD800",
        "&#1;",
        "&lt;",
        "a",
        "=",
        "/",
        " ",
        "\r",
        "xmlns:q='u'",
        "<q:a/>",
        "<source>");
  }

  @Provide
  static Arbitrary<DiskSource> sources() {
    Arbitrary<String> format = Arbitraries.of("raw", "qcow2");
    Arbitrary<Path> path = names("/ab.'\"<>&\n\t\r ;{}$%", 12).map(name -> Path.of("/" + name));
    Arbitrary<String> name = names("ab.:'\"<>&\n\t\r ;-\u00e4\u4e2d\u0085\uFFFD", 8);
    return Arbitraries.oneOf(
        Combinators.combine(path, format).as(DiskSource.File::new),
        Combinators.combine(path, format).as(DiskSource.Device::new),
        Combinators.combine(name, name, format).as(DiskSource.Pooled::new),
        Combinators.combine(name, name.optional(), name, name.optional(), format)
            .as(DiskSource.Rbd::new));
  }

  private static Arbitrary<String> names(String characters, int longest) {
    return Arbitraries.strings()
        .withChars(characters.toCharArray())
        .ofMinLength(1)
        .ofMaxLength(longest);
  }

  private static Arbitrary<String> blanks() {
    return Arbitraries.of("", " ", "\n", "\n  ", "\r\n\t", "\r");
  }

  /** What may stand in a disk beside what is understood. */
  private static Arbitrary<String> others() {
    return Arbitraries.of(
            "<!-- <source file='/no'/> - -->",
            "<?pi <source file='/no'/> ?>",
            "<![CDATA[</disk><source file='/no'/>]]>",
            "<x:source xmlns:x='urn:x' file=\"/no>'/\" x:a='&#10;&#x41;&quot;'><deep a='1'/></x:source>",
            "<iotune\n><total_bytes_sec >1</total_bytes_sec\t></iotune >",
            "<boot order = '1' />",
            "text &amp; &#65;",
            "<backingStored><source file='/no'/></backingStored>",
            "<transient a=\"'\"/>",
            "<diskSnapshotted method='no'/>")
        .list()
        .ofMaxSize(5)
        .flatMap(parts ->
            blanks()
                .list()
                .ofSize(parts.size() + 1)
                .map(blanks -> {
                  var text = new StringBuilder(blanks.get(0));
                  for (int i = 0; i < parts.size(); i++) {
                    text.append(parts.get(i)).append(blanks.get(i + 1));
                  }
                  return text.toString();
                }));
  }

  @Provide
  static Arbitrary<Written> disks() {
    Arbitrary<String> prolog =
        Arbitraries.of("", "<?xml version='1.0' standalone=\"no\"?>\n", "<!-- <disk> -->\r\n<?a?>");
    Arbitrary<String> attributes =
        Arbitraries.of(
            "<disk TYPE>",
            "<disk\nTYPE device='disk'\n>",
            "<disk a='>' xmlns:x=\"u\" TYPE x:b='/>'>");
    Arbitrary<String> driver =
        Arbitraries.of("<driver DRIVER/>", "<driver name='qemu' DRIVER ><a/></driver>");
    Arbitrary<String> known =
        Arbitraries.of(
            "",
            "<target dev='vda' bus='virtio'/><serial>S&#49;</serial><readonly/>",
            "<diskSnapshot method='lvm'><device path='/dev/vg/lv&#10;4'/></diskSnapshot>",
            "<address type='pci' domain='0x0000' bus='0x00' slot='0x03' function='0x1'/>");
    Arbitrary<String> end = Arbitraries.of("</disk>", "</disk >\n<!-- end --><?end?>\n");
    return Combinators.combine(
            sources(), prolog, attributes, driver, others(), others(), known, end)
        .as((source, first, open, drive, one, two, more, last) ->
            new Written(
                first + open + one + drive + two,
                source,
                sourceText(source, one.length()),
                more + one + last));
  }

  /** As others might write it: every character but letters as a reference, in double quotes. */
  private static String sourceText(DiskSource source, int seed) {
    String attributes =
        switch (source) {
          case DiskSource.File file -> "file=" + quoted(file.path().toString());
          case DiskSource.Device device -> "dev=" + quoted(device.path().toString());
          case DiskSource.Pooled pooled ->
              "volume=" + quoted(pooled.volume()) + "\npool = " + quoted(pooled.pool());
          case DiskSource.Rbd rbd ->
              "name="
                  + quoted(
                      rbd.pool() + "/" + rbd.namespace().map(n -> n + "/").orElse("") + rbd.image())
                  + " protocol='rbd'";
          default -> throw new AssertionError(source);
        };
    String content =
        source instanceof DiskSource.Rbd rbd
            ? rbd.snapshot().map(name -> "<snapshot name=" + quoted(name) + "/>").orElse("")
            : "";
    return switch (seed % 3) {
      case 0 -> "<source index='1' " + attributes + ">" + content + "<!-- c --></source>";
      case 1 -> "<source " + attributes + " >\n" + content + "<seclabel model='dac'/></source\n>";
      default ->
          content.isEmpty()
              ? "<source\t" + attributes + " index = \"7\"/>"
              : "<source " + attributes + ">" + content + "</source>";
    };
  }

  private static String quoted(String value) {
    return value
        .codePoints()
        .mapToObj(c -> Character.isLetter(c) ? Character.toString(c) : "&#x%x;".formatted(c))
        .collect(Collectors.joining("", "\"", "\""));
  }
}
