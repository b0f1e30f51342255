package dev.stillpoint.core.disk.xml;

import dev.stillpoint.core.disk.DiskSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A {@code <disk>} of libvirt: what it says, and the same document with the disk's bytes somewhere
 * else. Immutable, for any thread. {@code docs/xml.md} tells what is understood and what is kept.
 *
 * <p>All that is not understood is kept, to the character, since only the places that change are
 * written anew. The text may have secrets in it; no message of an exception has them.
 */
public final class DiskXml {
  /** The longest document that is read, in characters. */
  public static final int MAX_LENGTH = 1 << 20;

  /** How deep elements may lie in each other. */
  public static final int MAX_DEPTH = 64;

  /** The most elements of a document. */
  public static final int MAX_ELEMENTS = 10_000;

  private static final String AUTH = "auth";
  private static final String ENCRYPTION = "encryption";
  private static final String DEFAULT_FORMAT = "raw";

  private final String text;
  private final XmlElement disk;
  private final DiskDescription description;

  private DiskXml(String text, XmlElement disk, DiskDescription description) {
    this.text = text;
    this.disk = disk;
    this.description = description;
  }

  /**
   * Reads a document with {@code <disk>} as its document element. Only the text is read: document
   * types are refused, and no file or network is touched. Which disk this is of a machine, and what
   * method is to cut it where none is said, is not decided here.
   *
   * @param xml XML 1.0 of at most {@link #MAX_LENGTH} characters, {@link #MAX_ELEMENTS} elements
   *     and {@link #MAX_DEPTH} levels
   * @throws DiskXmlException when it is not such a document, or its source is not understood
   */
  public static DiskXml parse(String xml) {
    XmlElement root = XmlReader.read(xml);
    if (!root.is("disk")) {
      throw DiskXmlException.at(
          root, "this is a <" + root.tag().name() + ">, and a <disk> was expected");
    }
    return new DiskXml(xml, root, describe(root));
  }

  /** What the document says. */
  public DiskDescription description() {
    return description;
  }

  /** The document as it was read. */
  public String text() {
    return text;
  }

  /**
   * The same document for a disk with another source: only the {@code <source>}, the type of the
   * disk and the type of its {@code <driver>} are written anew. {@code <backingStore>} and {@code
   * <mirror>} are left out, since they tell what was below and beside the old source; libvirt finds
   * the chain itself where none is told. So is an {@code <encryption>}, which is the old source's,
   * and what else does not fit the new one. For the source that the disk has already, the document
   * as it was read.
   *
   * @throws DiskXmlException when libvirt's XML cannot tell that source: a {@link
   *     DiskSource.Remote}, a path that is not absolute or is no text, a character that is not of
   *     XML 1.0, an rbd name with {@code /} or {@code @}; or an image for a disk that is a {@link
   *     DiskDescription.Device#LUN}. It can be asked before a cut is made.
   */
  public String modifiedDisk(DiskSource source) {
    if (isItsOwn(source)) {
      return text;
    }
    refuseToPassThrough(source);
    var edits = new Edits(text);
    String type = SourceWriter.type(source);
    if (!SourceReader.type(disk).equals(type)) {
      edits.set(disk.tag(), "type", type);
    }
    var writer = new SourceWriter(text, disk, false);
    Optional<XmlElement> driver = disk.child("driver");
    Optional<XmlElement> old = disk.child("source");
    boolean drops = drop(edits, "backingStore");
    drops |= drop(edits, "mirror");
    drops |= drop(edits, ENCRYPTION);
    if (old.isEmpty() || !writer.isOfTheKindOf(old.get(), source)) {
      drops |= drop(edits, AUTH);
    }
    String missing = "";
    if (!source.format().equals(description.format())) {
      if (driver.isPresent()) {
        edits.set(driver.get().tag(), "type", source.format());
      } else {
        missing = "<driver " + Edits.attribute("type", source.format()) + "/>";
      }
    }
    if (old.isPresent()) {
      writer.change(edits, old.get(), source);
      if (!missing.isEmpty()) {
        int at = old.get().tag().start();
        edits.insert(at, missing + edits.blanksBefore(at));
      }
    } else {
      addSource(edits, driver, missing, SourceWriter.fresh(source), drops);
    }
    return edits.apply();
  }

  /** A disk with its SCSI commands has to be one: libvirt refuses an image in its place. */
  private void refuseToPassThrough(DiskSource source) {
    boolean image =
        source instanceof DiskSource.File
            || source instanceof DiskSource.Rbd
            || !source.format().equals(DEFAULT_FORMAT);
    if (image && description.device() == DiskDescription.Device.LUN) {
      throw DiskXmlException.at(
          disk, "a disk that is passed through as a 'lun' cannot have an image in its place");
    }
  }

  private boolean drop(Edits edits, String name) {
    disk.children(name).forEach(edits::remove);
    return disk.has(name);
  }

  private void addSource(
      Edits edits, Optional<XmlElement> driver, String missing, String source, boolean drops) {
    if (driver.isPresent()) {
      Tag tag = driver.get().tag();
      edits.insert(tag.end(), edits.blanksBefore(tag.start()) + source);
      return;
    }
    // Where all that the disk has is left out, its white space goes too.
    String indent = drops ? "" : edits.blanksIn(disk);
    edits.insertInto(disk, (missing.isEmpty() ? "" : indent + missing) + indent + source);
  }

  /**
   * A {@code <source>} by itself, as it would stand in a {@code <disk>}, for what a backup may
   * read. An rbd image has the hosts and the user of the disk's own source where that is one too.
   * Where the format is the disk's, the bytes are taken for those of its source, and what is needed
   * to read them, such as {@code <encryption>}, is kept. For the source that the disk has already,
   * its element as it was read.
   *
   * @throws DiskXmlException as {@link #modifiedDisk}; a {@link DiskSource.Remote} can be told
   *     where it is the disk's own
   */
  public String backupSource(DiskSource source) {
    Optional<XmlElement> old = disk.child("source");
    if (old.isEmpty()) {
      return SourceWriter.fresh(source);
    }
    var edits = new Edits(text);
    XmlElement element = old.get();
    boolean own = isItsOwn(source);
    boolean sameBytes = own || source.format().equals(description.format());
    var writer = new SourceWriter(text, disk, sameBytes);
    if (!own) {
      writer.change(edits, element, source);
    }
    String changed = edits.apply(element.tag().start(), element.tag().end());
    boolean remote = SourceReader.type(disk).equals("network");
    if (remote && (own || writer.isOfTheKindOf(element, source))) {
      changed = withTheDisks(AUTH, element, changed);
    }
    if (sameBytes) {
      changed = withTheDisks(ENCRYPTION, element, changed);
    }
    return withPrefixes(changed);
  }

  /** Older XML has these beside its source; what is written by itself needs them in it. */
  private String withTheDisks(String name, XmlElement old, String source) {
    Optional<XmlElement> beside = disk.child(name);
    if (beside.isEmpty() || old.has(name)) {
      return source;
    }
    String added = text.substring(beside.get().tag().start(), beside.get().tag().end());
    return source.endsWith("/>")
        ? source.substring(0, source.length() - 2) + ">" + added + "</source>"
        : new StringBuilder(source).insert(source.lastIndexOf("</"), added).toString();
  }

  /** The prefixes that the disk declares and its source uses have to come along. */
  private String withPrefixes(String source) {
    var declarations = new StringBuilder();
    for (Tag.Attribute attribute : disk.tag().attributes()) {
      String name = attribute.name();
      if (name.startsWith("xmlns:") && uses(source, name)) {
        declarations.append(' ').append(text, attribute.start(), attribute.end());
      }
    }
    return declarations.isEmpty()
        ? source
        : new StringBuilder(source).insert("<source".length(), declarations).toString();
  }

  private static boolean uses(String source, String declaration) {
    String prefix = declaration.substring(declaration.indexOf(':') + 1) + ":";
    List<Tag> tags = TagScanner.scan(source);
    return tags.get(0).attribute(declaration).isEmpty()
        && tags.stream()
            .anyMatch(tag ->
                tag.name().startsWith(prefix)
                    || tag.attributes().stream().anyMatch(it -> it.name().startsWith(prefix)));
  }

  private boolean isItsOwn(DiskSource source) {
    return description.source().equals(Optional.of(source));
  }

  private static DiskDescription describe(XmlElement disk) {
    DiskDescription.Device device = device(disk);
    String format =
        disk.child("driver").flatMap(driver -> driver.attribute("type")).orElse(DEFAULT_FORMAT);
    Optional<DiskSource> source = SourceReader.read(disk, format);
    boolean removable =
        device == DiskDescription.Device.CDROM || device == DiskDescription.Device.FLOPPY;
    if (source.isEmpty() && !removable) {
      throw DiskXmlException.at(disk, "<disk> has no <source>, and is no drive without a medium");
    }
    Optional<XmlElement> target = disk.child("target");
    return new DiskDescription(
        device,
        source,
        format,
        target.map(element -> AddressReader.needed(element, "dev")),
        target.flatMap(element -> element.attribute("bus")),
        disk.child("serial").map(XmlElement::text),
        disk.child("address").flatMap(AddressReader::read),
        disk.child("alias").map(element -> AddressReader.needed(element, "name")),
        disk.has("readonly") || device == DiskDescription.Device.CDROM,
        disk.has("shareable"),
        disk.child(MethodXml.ELEMENT).map(MethodXml::read));
  }

  private static DiskDescription.Device device(XmlElement disk) {
    String word = disk.attribute("device").orElse("disk");
    for (DiskDescription.Device device : DiskDescription.Device.values()) {
      if (device.name().toLowerCase(Locale.ROOT).equals(word)) {
        return device;
      }
    }
    throw DiskXmlException.at(
        disk, "a disk is a 'disk', 'cdrom', 'floppy' or 'lun', and not '" + word + "'");
  }
}
