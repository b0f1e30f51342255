package dev.stillpoint.qmp.generator.qapi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A schema and all that it includes, each file once. */
public final class SourceTree {
  private final List<Expression> expressions = new ArrayList<>();
  private final Set<Path> seen = new HashSet<>();

  private SourceTree() {}

  /**
   * The expressions of a schema and its includes, without the directives.
   *
   * @throws UncheckedIOException where a file cannot be read
   */
  public static List<Expression> read(Path schema) {
    var tree = new SourceTree();
    tree.add(schema.toAbsolutePath().normalize());
    return tree.expressions;
  }

  private void add(Path file) {
    if (!seen.add(file)) {
      return;
    }
    for (Expression expression : QapiParser.parse(file.getFileName().toString(), text(file))) {
      Object include = expression.content().get("include");
      if (include != null) {
        add(file.resolveSibling(include.toString()).normalize());
      } else if (!expression.content().containsKey("pragma")) {
        expressions.add(expression);
      }
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
