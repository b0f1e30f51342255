package dev.stillpoint.cli.qmp;

import dev.stillpoint.qmp.schema.SchemaType;
import java.util.List;
import java.util.stream.Collectors;

/** Types in a few words for a person. */
final class TypeText {
  /** How many words of an enumeration are told in a line. */
  private static final int MAX_WORDS = 12;

  private TypeText() {}

  static String of(List<SchemaType> forms) {
    return forms.isEmpty()
        ? "anything"
        : forms.stream().map(TypeText::of).distinct().collect(Collectors.joining(" or "));
  }

  private static String of(SchemaType type) {
    return switch (type) {
      case SchemaType.Plain plain ->
          switch (plain.json()) {
            case STRING -> "text";
            case INT -> "a whole number";
            case NUMBER -> "a number";
            case BOOLEAN -> "true or false";
            case NULL -> "null";
            case VALUE -> "anything";
          };
      case SchemaType.Words words -> words(words);
      case SchemaType.Listing list -> "a list";
      case SchemaType.Members object -> "an object";
      case SchemaType.Choice choice -> "one of several";
    };
  }

  private static String words(SchemaType.Words type) {
    String named =
        type.words().stream()
            .limit(MAX_WORDS)
            .map(SchemaType.Word::name)
            .collect(Collectors.joining("|"));
    int more = type.words().size() - MAX_WORDS;
    return named + (more > 0 ? "|... (" + more + " more)" : "");
  }
}
