package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** A reply for a person: JSON, but a text of several lines as those lines. */
public final class ReplyText {
  private ReplyText() {}

  /** The lines, for a width. None of them speaks to a terminal. */
  public static List<String> lines(JsonNode reply, int width) {
    return reply.isTextual() && reply.asText().contains("\n")
        ? reply.asText().lines().map(line -> line.replaceAll("\\p{Cc}", "\uFFFD")).toList()
        : PrettyJson.of(reply, width).lines().toList();
  }
}
