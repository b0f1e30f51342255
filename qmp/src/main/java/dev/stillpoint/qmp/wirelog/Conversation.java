package dev.stillpoint.qmp.wirelog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.stillpoint.qmp.secret.Redaction;
import dev.stillpoint.qmp.wire.Json;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was asked over one connection, so that its answers can be told without their secrets. */
final class Conversation {
  /** How many commands without an answer are remembered. */
  private static final int MAX_ASKED = 1024;

  /** Stands before an agent's line, and is no part of the message. */
  private static final byte SENTINEL = (byte) 0xFF;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final String name;
  private final Map<JsonNode, Asked> asked =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<JsonNode, Asked> eldest) {
          return size() > MAX_ASKED;
        }
      };

  private record Asked(String command, boolean secretReply) {}

  Conversation(String name) {
    this.name = name;
  }

  /** The line in the file, without its end. */
  String text(WireLog.Line line) {
    String message = message(line);
    String told =
        message.length() <= WireLog.MAX_LENGTH
            ? message
            : message.substring(0, WireLog.MAX_LENGTH)
                + "... (cut; "
                + line.bytes().capacity()
                + " bytes in all)";
    return TIME.format(line.at())
        + " "
        + name
        + (line.sent() ? " -> " : " <- ")
        + told
        + (line.withFile() ? " (with an open file)" : "");
  }

  private String message(WireLog.Line line) {
    byte[] bytes = line.bytes().array();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == SENTINEL) {
        start = i + 1;
      }
    }
    try {
      JsonNode message = Json.parse(Unpooled.wrappedBuffer(bytes, start, bytes.length - start));
      if (message instanceof ObjectNode object) {
        return told(object, line.sent()).toString();
      }
    } catch (IOException e) {
      // What is no message is told as that; its text may be anybody's.
    }
    return "(" + bytes.length + " bytes that are no message)";
  }

  private JsonNode told(ObjectNode message, boolean sent) {
    ObjectNode told = message.deepCopy();
    JsonNode id = message.path("id");
    if (sent) {
      String command = message.path(message.has("exec-oob") ? "exec-oob" : "execute").asText();
      JsonNode arguments = message.path("arguments");
      asked.put(id, new Asked(command, Redaction.isSecretReply(command, arguments)));
      if (message.has("arguments")) {
        told.set("arguments", Redaction.ofArguments(command, arguments));
      }
    } else if (message.has("return")) {
      told.set("return", reply(asked.remove(id), message.path("return")));
    } else if (message.has("error")) {
      asked.remove(id);
      told.set("error", ofNoCommand(message.path("error")));
    } else if (message.has("data")) {
      told.set("data", ofNoCommand(message.path("data")));
    }
    return told;
  }

  private static JsonNode ofNoCommand(JsonNode value) {
    return Redaction.ofReply("", MissingNode.getInstance(), value);
  }

  /** The answer to nobody is told where it cannot hold anything: who knows what it answers. */
  private static JsonNode reply(@Nullable Asked to, JsonNode value) {
    if (to == null) {
      return value.isNumber() || value.isBoolean() || (value.isContainerNode() && value.isEmpty())
          ? value
          : TextNode.valueOf(Redaction.HIDDEN);
    }
    return to.secretReply()
        ? TextNode.valueOf(Redaction.HIDDEN)
        : Redaction.ofReply(to.command(), MissingNode.getInstance(), value);
  }
}
