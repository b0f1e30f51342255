package dev.stillpoint.qmp.generator.qapi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the text of one schema file: a sequence of objects in a JSON of its own, with strings in
 * single quotes and comments from {@code #} to the end of the line.
 */
public final class QapiParser {
  private final String file;
  private final String text;
  private final SinceComments comments = new SinceComments();
  private int at;
  private int line = 1;

  private QapiParser(String file, String text) {
    this.file = file;
    this.text = text;
  }

  /** All expressions of a file, in order; throws a {@link QapiSyntaxException}. */
  public static List<Expression> parse(String file, String text) {
    return new QapiParser(file, text).expressions();
  }

  private List<Expression> expressions() {
    var found = new ArrayList<Expression>();
    skip();
    while (at < text.length()) {
      int began = line;
      Map<String, Object> content = object();
      found.add(new Expression(file, began, content, comments.since(), comments.memberSince()));
      comments.clear();
      skip();
    }
    return found;
  }

  private Object value() {
    return switch (peek()) {
      case '{' -> object();
      case '[' -> array();
      case '\'' -> string();
      case 't', 'f' -> word();
      default -> throw error("a value was expected, not '" + peek() + "'");
    };
  }

  private Map<String, Object> object() {
    var members = new LinkedHashMap<String, Object>();
    expect('{');
    while (peek() != '}') {
      String name = string();
      expect(':');
      if (members.put(name, value()) != null) {
        throw error("'" + name + "' is there twice");
      }
      if (peek() == ',') {
        next();
      } else if (peek() != '}') {
        throw error("',' or '}' was expected");
      }
    }
    expect('}');
    return members;
  }

  private List<Object> array() {
    var elements = new ArrayList<Object>();
    expect('[');
    while (peek() != ']') {
      elements.add(value());
      if (peek() == ',') {
        next();
      } else if (peek() != ']') {
        throw error("',' or ']' was expected");
      }
    }
    expect(']');
    return elements;
  }

  private String string() {
    if (peek() != '\'') {
      throw error("a string was expected");
    }
    var content = new StringBuilder();
    int i = at + 1;
    while (i < text.length() && text.charAt(i) != '\'') {
      char c = text.charAt(i++);
      if (c == '\n') {
        throw error("a string has no end");
      }
      content.append(c == '\\' && i < text.length() ? text.charAt(i++) : c);
    }
    if (i >= text.length()) {
      throw error("a string has no end");
    }
    at = i + 1;
    return content.toString();
  }

  private Boolean word() {
    for (boolean known : new boolean[] {true, false}) {
      String word = String.valueOf(known);
      if (text.startsWith(word, at)) {
        at += word.length();
        return known;
      }
    }
    throw error("an unknown word");
  }

  private char peek() {
    skip();
    if (at >= text.length()) {
      throw error("the file ends in the middle of an expression");
    }
    return text.charAt(at);
  }

  private void next() {
    at++;
  }

  private void expect(char wanted) {
    if (peek() != wanted) {
      throw error("'" + wanted + "' was expected, not '" + peek() + "'");
    }
    next();
  }

  /** Passes blanks and comments; the comments are read for versions. */
  private void skip() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\n') {
        line++;
        at++;
      } else if (Character.isWhitespace(c)) {
        at++;
      } else if (c == '#') {
        int end = text.indexOf('\n', at);
        end = end < 0 ? text.length() : end;
        comments.read(text.substring(at, end).strip());
        at = end;
      } else {
        return;
      }
    }
  }

  private QapiSyntaxException error(String why) {
    return new QapiSyntaxException(file, line, why);
  }
}
