package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Iterator;
import java.util.Map;

/**
 * JSON for a person: what fits stays on a line, and all else has a line for each member. It is JSON
 * still, and holds no character that speaks to a terminal.
 */
public final class PrettyJson {
  private static final int INDENT = 2;
  private static final int DELETE = 0x7F;
  private static final int LAST_CONTROL = 0x9F;

  private final int width;
  private final StringBuilder text = new StringBuilder();

  private PrettyJson(int width) {
    this.width = width;
  }

  /** The text without a last line's end. */
  public static String of(JsonNode json, int width) {
    var pretty = new PrettyJson(width);
    pretty.write(json, 0, 0);
    return pretty.text.toString();
  }

  /** JSON on one line. */
  public static String line(JsonNode json) {
    return escaped(json.toString());
  }

  /** Writes a value at an indent, where some of the line is used already. */
  private void write(JsonNode json, int indent, int used) {
    String line = line(json);
    if (!json.isContainerNode() || json.isEmpty() || indent + used + line.length() <= width) {
      text.append(json.isContainerNode() && !json.isEmpty() ? spaced(json) : line);
      return;
    }
    text.append(json.isObject() ? '{' : '[');
    if (json.isObject()) {
      for (Iterator<Map.Entry<String, JsonNode>> all = json.properties().iterator();
          all.hasNext(); ) {
        Map.Entry<String, JsonNode> member = all.next();
        String name = escaped(TextNode.valueOf(member.getKey()).toString()) + ": ";
        begin(indent).append(name);
        write(member.getValue(), indent + INDENT, name.length());
        text.append(all.hasNext() ? "," : "");
      }
    } else {
      for (Iterator<JsonNode> all = json.iterator(); all.hasNext(); ) {
        begin(indent);
        write(all.next(), indent + INDENT, 0);
        text.append(all.hasNext() ? "," : "");
      }
    }
    text.append('\n').append(" ".repeat(indent)).append(json.isObject() ? '}' : ']');
  }

  private StringBuilder begin(int indent) {
    return text.append('\n').append(" ".repeat(indent + INDENT));
  }

  /** On one line, with blanks between. */
  private static String spaced(JsonNode json) {
    var line = new StringBuilder();
    if (json.isObject()) {
      json.properties()
          .forEach(member ->
              line.append(line.isEmpty() ? "{" : ", ")
                  .append(escaped(TextNode.valueOf(member.getKey()).toString()))
                  .append(": ")
                  .append(spaced(member.getValue())));
      return line.isEmpty() ? "{}" : line.append('}').toString();
    }
    if (json.isArray()) {
      json.forEach(element -> line.append(line.isEmpty() ? "[" : ", ").append(spaced(element)));
      return line.isEmpty() ? "[]" : line.append(']').toString();
    }
    return line(json);
  }

  /** Jackson leaves some controls as they are; within JSON they stand in texts only. */
  private static String escaped(String json) {
    var escaped = new StringBuilder(json.length());
    json.chars()
        .forEach(c -> {
          if (c >= DELETE && c <= LAST_CONTROL) {
            escaped.append(String.format("\\u%04X", c));
          } else {
            escaped.append((char) c);
          }
        });
    return escaped.toString();
  }
}
