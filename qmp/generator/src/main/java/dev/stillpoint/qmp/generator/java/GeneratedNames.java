package dev.stillpoint.qmp.generator.java;

import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Model;
import java.util.List;

/** Which Java type is written for what, for tests that compare the two. */
public final class GeneratedNames {
  private final Schema schema;

  /** The names of a model. */
  public GeneratedNames(Model model) {
    schema = new Schema(model, Target.of(model.protocol()));
  }

  /** The full name of the type of a definition. */
  public String of(Definition definition) {
    String name =
        switch (definition) {
          case Definition.Command command -> JavaNames.type(command.name());
          case Definition.Event event -> JavaNames.event(event.name());
          default -> schema.typeName(definition.name());
        };
    return schema.target().packageName() + "." + name;
  }

  /** The types that commands and events need; no other is written. */
  public List<Definition> types() {
    return schema.types();
  }

  /** The name of a member in Java. */
  public static String member(String schema) {
    return JavaNames.member(schema);
  }
}
