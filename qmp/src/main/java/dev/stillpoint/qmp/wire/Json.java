package dev.stillpoint.qmp.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.command.Command;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The JSON of both protocols: compact, kebab-case, tolerant of members from newer versions. */
public final class Json {
  /** The longest line that is read, in bytes. */
  public static final int MAX_LINE = 64 * 1024 * 1024;

  /** The deepest nesting that is read. */
  public static final int MAX_NESTING = 1024;

  /** The most tokens of one message; QEMU reads no more of them either. */
  public static final int MAX_TOKENS = 2 * 1024 * 1024;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_NESTING)
                          .maxStringLength(MAX_LINE)
                          .maxTokenCount(MAX_TOKENS)
                          .build())
                  .build())
          .addModule(LenientLongs.module())
          .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .build();

  private Json() {}

  /** An empty object. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** A command as one line, newline included. */
  public static byte[] line(String command, @Nullable Object arguments, long id) {
    return line("execute", command, arguments, id);
  }

  /** A command as one line, which is to be done as the verb says. */
  static byte[] line(String verb, String command, @Nullable Object arguments, long id) {
    ObjectNode request = MAPPER.createObjectNode();
    request.put(verb, command);
    if (arguments != null) {
      JsonNode tree = MAPPER.valueToTree(arguments);
      if (!tree.isEmpty()) {
        request.set("arguments", tree);
      }
    }
    request.put("id", id);
    return (request + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * A tree as a value of a type; for generated types, which choose one by what they find. Throws an
   * {@link UncheckedIOException} for what has another shape.
   */
  public static <T> T convert(JsonNode node, Class<T> type) {
    try {
      return MAPPER.treeToValue(node, type);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A member of an object; null where it is absent. */
  public static <T> @Nullable T member(JsonNode node, String name, Class<T> type) {
    JsonNode member = node.get(name);
    return member == null ? null : convert(member, type);
  }

  /** A value as a tree. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /**
   * One line as a tree; throws an {@link IOException} for what is not JSON, is more than one value,
   * or goes beyond a limit.
   */
  public static JsonNode parse(ByteBuf line) throws IOException {
    try (InputStream in = new ByteBufInputStream(line)) {
      return MAPPER.readTree(in);
    }
  }

  /**
   * A reply's value, bound to the type that the command promises; null for {@link Void} only.
   * Throws an {@link UncheckedIOException} for a value of another shape.
   */
  @SuppressWarnings({"unchecked", "NullAway"})
  public static <R> R bind(JsonNode value, Command<R> command) {
    try {
      Object bound =
          command.resultType() == Void.class
              ? null
              : MAPPER.treeToValue(value, MAPPER.constructType(command.resultType()));
      if (bound == null && command.resultType() != Void.class) {
        throw new IOException("null");
      }
      return (R) bound;
    } catch (IOException e) {
      throw new UncheckedIOException(command.command() + " was answered with a strange value", e);
    }
  }
}
