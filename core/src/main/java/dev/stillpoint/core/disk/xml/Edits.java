package dev.stillpoint.core.disk.xml;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Changes to a text, made at once; all that they do not name stays as it is. */
final class Edits {
  /** What is added at a place comes before what replaces the text there. */
  private static final Comparator<Edit> IN_ORDER =
      Comparator.comparingInt(Edit::start).thenComparingInt(Edit::end);

  private final String text;
  private final List<Edit> edits = new ArrayList<>();

  private record Edit(int start, int end, String replacement) {}

  Edits(String text) {
    this.text = text;
  }

  void replace(int start, int end, String replacement) {
    edits.add(new Edit(start, end, replacement));
  }

  void insert(int at, String added) {
    replace(at, at, added);
  }

  /** Takes an element away, with the white space before it. */
  void remove(XmlElement element) {
    replace(
        element.tag().start() - blanksBefore(element.tag().start()).length(),
        element.tag().end(),
        "");
  }

  /** Puts content into an element, before all that it has. */
  void insertInto(XmlElement element, String content) {
    Tag tag = element.tag();
    if (tag.isEmptyElementTag()) {
      replace(tag.openEnd() - 2, tag.openEnd(), ">" + content + "</" + tag.name() + ">");
    } else {
      insert(tag.openEnd(), content);
    }
  }

  /** Writes an attribute, over the one of that name or behind the last one. */
  void set(Tag tag, String attribute, String value) {
    tag.attribute(attribute)
        .ifPresentOrElse(
            old -> replace(old.start(), old.end(), attribute(attribute, value)),
            () -> insert(tag.attributesEnd(), " " + attribute(attribute, value)));
  }

  /** Takes an attribute away, if it is there, with the white space before it. */
  void unset(Tag tag, String attribute) {
    tag.attribute(attribute)
        .ifPresent(old -> replace(old.start() - blanksBefore(old.start()).length(), old.end(), ""));
  }

  /** The white space directly before a place. */
  String blanksBefore(int end) {
    int start = end;
    while (start > 0 && TagScanner.isBlank(text.charAt(start - 1))) {
      start--;
    }
    return text.substring(start, end);
  }

  /** The white space that {@code element} begins with, which is how its children are indented. */
  String blanksIn(XmlElement element) {
    int end = element.tag().openEnd();
    while (end < element.tag().contentEnd() && TagScanner.isBlank(text.charAt(end))) {
      end++;
    }
    return text.substring(element.tag().openEnd(), end);
  }

  /** The text with all changes. */
  String apply() {
    return apply(0, text.length());
  }

  /** A part of the text with all changes, which lie within it. */
  String apply(int from, int to) {
    var changed = new StringBuilder();
    int done = from;
    for (Edit edit : edits.stream().sorted(IN_ORDER).toList()) {
      if (edit.start() < done || edit.end() > to) {
        throw new IllegalStateException("two changes of one place");
      }
      changed.append(text, done, edit.start()).append(edit.replacement());
      done = edit.end();
    }
    return changed.append(text, done, to).toString();
  }

  /**
   * An attribute with its value in quotes, such that a parser reads the very same value.
   *
   * @throws DiskXmlException when the value has a character that XML 1.0 cannot hold
   */
  static String attribute(String name, String value) {
    var written = new StringBuilder(name).append("='");
    for (int i = 0; i < value.length(); ) {
      int c = value.codePointAt(i);
      switch (c) {
        case '&' -> written.append("&amp;");
        case '<' -> written.append("&lt;");
        case '>' -> written.append("&gt;");
        case '\'' -> written.append("&apos;");
        case '"' -> written.append("&quot;");
        // As they are, a parser would make a blank of each.
        case '\t', '\n', '\r' -> written.append("&#").append(c).append(';');
        default -> written.appendCodePoint(allowed(c, name));
      }
      i += Character.charCount(c);
    }
    return written.append('\'').toString();
  }

  private static int allowed(int c, String name) {
    boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    if (c < ' ' || surrogate || c == 0xFFFE || c == 0xFFFF) {
      throw DiskXmlException.of(
          "the %s has the character U+%04X in it, which XML cannot hold".formatted(name, c));
    }
    return c;
  }
}
