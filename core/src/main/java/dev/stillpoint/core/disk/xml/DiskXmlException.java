package dev.stillpoint.core.disk.xml;

import java.util.OptionalInt;

/**
 * XML that cannot be read as what it should be, or a source that cannot be written as XML. The
 * request is at fault: {@code SnapshotException.failureOf} makes a {@code BAD_REQUEST} of it.
 */
public final class DiskXmlException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;
  private static final int NONE = 0;

  private final int line;

  private DiskXmlException(String message, int line) {
    super(line == NONE ? message : "line " + line + ": " + message);
    this.line = line;
  }

  static DiskXmlException at(int line, String message) {
    return new DiskXmlException(message, line);
  }

  static DiskXmlException at(XmlElement element, String message) {
    return new DiskXmlException(message, element.tag().line());
  }

  static DiskXmlException of(String message) {
    return new DiskXmlException(message, NONE);
  }

  /** The line of the XML that it is about, from 1; empty where it is about none. */
  public OptionalInt line() {
    return line == NONE ? OptionalInt.empty() : OptionalInt.of(line);
  }
}
