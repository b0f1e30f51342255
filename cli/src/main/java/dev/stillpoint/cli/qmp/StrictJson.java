package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Optional;

/** JSON that a person writes: all of it, and no member twice. */
public final class StrictJson {
  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private StrictJson() {}

  /** What a text holds; empty for what is no JSON, or is nothing. */
  public static Optional<JsonNode> read(String text) {
    try {
      return Optional.of(STRICT.readTree(text)).filter(read -> !read.isMissingNode());
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
