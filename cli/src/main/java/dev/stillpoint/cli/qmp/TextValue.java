package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.stillpoint.qmp.schema.SchemaType;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** A text as a value of the type that a schema tells. */
final class TextValue {
  private static final Pattern WHOLE = Pattern.compile("-?(0|[1-9]\\d{0,19})");
  private static final Pattern HEX = Pattern.compile("0[xX][0-9a-fA-F]{1,16}");
  private static final int HEX_PREFIX = 2;
  private static final int HEX_BASE = 16;
  private static final BigInteger LEAST = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MOST = BigInteger.TWO.pow(Long.SIZE).subtract(BigInteger.ONE);

  private TextValue() {}

  /** The value of one of these types; a text takes what is nothing else. */
  static JsonNode of(List<SchemaType> forms, String path, String text) {
    return container(forms, text)
        .or(() -> plain(forms, text))
        .orElseThrow(() -> new Mistake("'" + path + "' must be " + TypeText.of(forms)));
  }

  /** An object or a list is JSON, where there can be one and the text is one. */
  private static Optional<JsonNode> container(List<SchemaType> forms, String text) {
    boolean object = forms.stream().anyMatch(SchemaType.Members.class::isInstance);
    boolean list = forms.stream().anyMatch(SchemaType.Listing.class::isInstance);
    return object || list
        ? StrictJson.read(text)
            .filter(json -> (object && json.isObject()) || (list && json.isArray()))
        : Optional.empty();
  }

  private static Optional<JsonNode> plain(List<SchemaType> forms, String text) {
    if (has(forms, SchemaType.Json.VALUE)) {
      return Optional.of(untyped(text));
    }
    if (has(forms, SchemaType.Json.STRING)) {
      return Optional.of(TextNode.valueOf(text));
    }
    return forms.stream().flatMap(form -> read(form, text).stream()).findFirst();
  }

  private static boolean has(List<SchemaType> forms, SchemaType.Json json) {
    return forms.contains(new SchemaType.Plain(json));
  }

  private static Optional<JsonNode> read(SchemaType form, String text) {
    return switch (form) {
      case SchemaType.Words words when words.has(text) -> Optional.of(TextNode.valueOf(text));
      case SchemaType.Plain plain ->
          switch (plain.json()) {
            case INT -> whole(text);
            case NUMBER -> StrictJson.read(text).filter(JsonNode::isNumber).or(() -> whole(text));
            case BOOLEAN ->
                text.equals("true") || text.equals("false")
                    ? Optional.of(BooleanNode.valueOf(text.equals("true")))
                    : Optional.empty();
            case NULL -> text.equals("null") ? Optional.of(NullNode.instance) : Optional.empty();
            case STRING, VALUE -> Optional.of(TextNode.valueOf(text));
          };
      default -> Optional.empty();
    };
  }

  private static Optional<JsonNode> whole(String text) {
    BigInteger number;
    if (WHOLE.matcher(text).matches()) {
      number = new BigInteger(text);
    } else if (HEX.matcher(text).matches()) {
      number = new BigInteger(text.substring(HEX_PREFIX), HEX_BASE);
    } else {
      return Optional.empty();
    }
    if (number.compareTo(LEAST) < 0 || number.compareTo(MOST) > 0) {
      return Optional.empty();
    }
    // As a reader of JSON makes them, so that equal arguments are equal.
    return StrictJson.read(number.toString());
  }

  /** A value that reads as JSON is that, and all else is text; also what has quotes. */
  static JsonNode untyped(String text) {
    return StrictJson.read(text)
        .filter(json -> !json.isTextual())
        .orElseGet(() -> JsonNodeFactory.instance.textNode(text));
  }
}
