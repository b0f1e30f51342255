package dev.stillpoint.core.disk.xml;

import java.util.List;
import java.util.Optional;

/**
 * Where an element stands in its text. All places are offsets in characters, ends exclusive.
 *
 * @param name as written, with its prefix
 * @param start of {@code <}
 * @param openEnd behind the {@code >} of the start tag
 * @param contentEnd before the end tag; {@code openEnd} for an empty-element tag
 * @param end behind the whole element
 * @param line of its start, from 1
 */
record Tag(
    String name,
    int start,
    List<Attribute> attributes,
    int openEnd,
    int contentEnd,
    int end,
    int line) {

  /**
   * An attribute as written.
   *
   * @param start of its name
   * @param valueStart behind the opening quote
   * @param valueEnd before the closing quote
   */
  record Attribute(String name, int start, int valueStart, int valueEnd) {
    int end() {
      return valueEnd + 1;
    }
  }

  Optional<Attribute> attribute(String wanted) {
    return attributes.stream().filter(it -> it.name().equals(wanted)).findFirst();
  }

  /** Whether it is written as {@code <name/>}. */
  boolean isEmptyElementTag() {
    return end == openEnd;
  }

  /** Where another attribute can be written, with a blank before it. */
  int attributesEnd() {
    return attributes.isEmpty()
        ? start + 1 + name.length()
        : attributes.get(attributes.size() - 1).end();
  }
}
