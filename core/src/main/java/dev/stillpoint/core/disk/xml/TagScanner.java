package dev.stillpoint.core.disk.xml;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/**
 * Finds where the elements of a text stand, so that a part of it can be changed and the rest stay
 * as it is, to the character; no parser of the JDK tells that exactly. It judges nothing: the text
 * has been found well-formed and without a document type by the parser before.
 */
final class TagScanner {
  private static final String COMMENT = "<!--";
  private static final String CDATA = "<![CDATA[";
  private static final String DOCTYPE = "<!DOCTYPE";
  private static final String INSTRUCTION = "<?";

  private final String text;
  private final List<Open> opened = new ArrayList<>();
  private int at;
  private int line = 1;
  private int counted;

  /** An element whose end is still to come. */
  private static final class Open {
    private final String name;
    private final int start;
    private final int line;
    private final List<Tag.Attribute> attributes = new ArrayList<>();
    private int openEnd;
    private int contentEnd;
    private int end;

    Open(String name, int start, int line) {
      this.name = name;
      this.start = start;
      this.line = line;
    }

    Tag close() {
      return new Tag(
          name, start, Collections.unmodifiableList(attributes), openEnd, contentEnd, end, line);
    }
  }

  private TagScanner(String text) {
    this.text = text;
  }

  /** All elements in the order of their start tags. */
  static List<Tag> scan(String wellFormed) {
    return new TagScanner(wellFormed).tags();
  }

  /** The line of a document type declaration before the first element, or 0 where none is. */
  static int lineOfDoctype(String text) {
    var scanner = new TagScanner(text);
    while (true) {
      int next = text.indexOf('<', scanner.at);
      if (next < 0) {
        return 0;
      }
      scanner.at = next;
      if (text.startsWith(DOCTYPE, next)) {
        return scanner.lineAt(next);
      }
      if (!scanner.skipped()) {
        return 0;
      }
    }
  }

  private List<Tag> tags() {
    Deque<Open> around = new ArrayDeque<>();
    for (at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
      if (skipped()) {
        continue;
      }
      if (text.startsWith("</", at)) {
        Open ended = around.pop();
        ended.contentEnd = at;
        at = text.indexOf('>', at) + 1;
        ended.end = at;
      } else if (startTag(around)) {
        around.pop();
      }
    }
    return opened.stream().map(Open::close).toList();
  }

  /** Goes past what is neither a start tag nor an end tag; says whether there was such a thing. */
  private boolean skipped() {
    if (text.startsWith(COMMENT, at)) {
      return past("-->", at + COMMENT.length());
    }
    if (text.startsWith(CDATA, at)) {
      return past("]]>", at + CDATA.length());
    }
    return text.startsWith(INSTRUCTION, at) && past("?>", at + INSTRUCTION.length());
  }

  private boolean past(String ending, int from) {
    int found = text.indexOf(ending, from);
    if (found < 0) {
      return false;
    }
    at = found + ending.length();
    return true;
  }

  /** Reads a start tag; says whether the element has ended with it. */
  private boolean startTag(Deque<Open> around) {
    int start = at;
    int nameEnd = start + 1;
    while (!isBlank(nameEnd) && text.charAt(nameEnd) != '>' && text.charAt(nameEnd) != '/') {
      nameEnd++;
    }
    var open = new Open(text.substring(start + 1, nameEnd), start, lineAt(start));
    opened.add(open);
    around.push(open);
    at = afterBlanks(nameEnd);
    while (text.charAt(at) != '>' && text.charAt(at) != '/') {
      open.attributes.add(attribute());
      at = afterBlanks(at);
    }
    boolean ends = text.charAt(at) == '/';
    at += ends ? 2 : 1;
    open.openEnd = at;
    open.contentEnd = at;
    open.end = at;
    return ends;
  }

  private Tag.Attribute attribute() {
    int start = at;
    int nameEnd = start;
    while (!isBlank(nameEnd) && text.charAt(nameEnd) != '=') {
      nameEnd++;
    }
    int quote = afterBlanks(afterBlanks(nameEnd) + 1);
    int valueEnd = text.indexOf(text.charAt(quote), quote + 1);
    at = valueEnd + 1;
    return new Tag.Attribute(text.substring(start, nameEnd), start, quote + 1, valueEnd);
  }

  private int afterBlanks(int from) {
    int after = from;
    while (isBlank(after)) {
      after++;
    }
    return after;
  }

  private boolean isBlank(int index) {
    return isBlank(text.charAt(index));
  }

  /** Whether XML calls it white space. */
  static boolean isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }

  private int lineAt(int offset) {
    for (; counted < offset; counted++) {
      char c = text.charAt(counted);
      if (c == '\n' || (c == '\r' && text.charAt(counted + 1) != '\n')) {
        line++;
      }
    }
    return line;
  }
}
