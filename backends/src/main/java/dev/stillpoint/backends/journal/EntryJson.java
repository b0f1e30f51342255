package dev.stillpoint.backends.journal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.address.ToldName;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.JournalEntry.Ending;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qmp.secret.Redaction;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A journal entry as a JSON object. A reader refuses a version that it does not know. The names of
 * images are written without their secrets, and read so from what an older version has written.
 */
final class EntryJson {
  /** The first member of every entry. */
  static final String VERSION_KEY = "stillpointJournal";

  static final int VERSION = 1;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private EntryJson() {}

  static String write(JournalEntry entry) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put(VERSION_KEY, VERSION);
    json.put("operation", entry.operationId()).put("kind", entry.kind()).put("name", entry.name());
    json.put("phase", word(entry.phase())).put("at", entry.at().toString());
    json.put("deadline", entry.deadline().toString());
    json.put("thawOwed", entry.thawOwed()).put("resumeOwed", entry.resumeOwed());
    ObjectNode machine = json.putObject("machine");
    put(machine, "monitor", entry.machine().monitor());
    put(machine, "agent", entry.machine().agent());
    put(machine, "incarnation", entry.machine().incarnation());
    put(machine, "uuid", entry.machine().uuid());
    ArrayNode disks = json.putArray("disks");
    entry.disks().forEach(disk -> write(disks.addObject(), disk));
    entry.ending().ifPresent(ending -> write(json.putObject("ending"), ending));
    return json.toString();
  }

  private static void write(ObjectNode json, Inventory disk) {
    json.put("disk", ToldName.of(disk.disk())).put("method", disk.method()).put("way", disk.way());
    json.put("source", ToldName.of(disk.source()));
    put(json, "node", disk.node());
    if (!disk.options().isEmpty()) {
      ObjectNode options = json.putObject("options");
      disk.options().forEach(options::put);
    }
    ArrayNode ours = json.putArray("ours");
    for (Belonging one : disk.belongings()) {
      ObjectNode item = ours.addObject();
      item.put("kind", word(one.kind())).put("role", one.role()).put("name", one.name());
      one.file().ifPresent(file -> item.put("device", file.device()).put("inode", file.inode()));
    }
  }

  private static void write(ObjectNode json, Ending ending) {
    json.put("outcome", word(ending.outcome())).put("guest", word(ending.guest()));
    ending
        .failure()
        .ifPresent(failure -> {
          ObjectNode error = json.putObject("error");
          error
              .put("code", word(failure.code()))
              .put("message", Redaction.ofText(failure.message()));
          put(error, "disk", failure.disk().map(ToldName::of));
        });
  }

  /**
   * The entry that a text holds.
   *
   * @throws IllegalArgumentException when it is none, or one of another version
   */
  static JournalEntry read(String text) {
    JsonNode json;
    try {
      json = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no JSON: " + e.getOriginalMessage(), e);
    }
    int version = json.path(VERSION_KEY).asInt();
    if (version != VERSION) {
      throw new IllegalArgumentException("a journal of version " + version + " cannot be read");
    }
    return new JournalEntry(
        text(json, "operation"),
        text(json, "kind"),
        text(json, "name"),
        value(Journal.Phase.class, text(json, "phase")),
        Instant.parse(text(json, "at")),
        Instant.parse(text(json, "deadline")),
        machine(json.path("machine")),
        list(json.path("disks"), EntryJson::disk),
        json.path("thawOwed").asBoolean(true),
        json.path("resumeOwed").asBoolean(true),
        optional(json.get("ending")).map(EntryJson::ending));
  }

  private static MachineIdentity machine(JsonNode json) {
    return new MachineIdentity(
        optional(json.get("monitor")).map(JsonNode::asText),
        optional(json.get("agent")).map(JsonNode::asText),
        optional(json.get("incarnation")).map(JsonNode::asText),
        optional(json.get("uuid")).map(JsonNode::asText));
  }

  private static Inventory disk(JsonNode json) {
    return new Inventory(
        ToldName.of(text(json, "disk")),
        text(json, "method"),
        text(json, "way"),
        ToldName.of(text(json, "source")),
        optional(json.get("node")).map(JsonNode::asText),
        options(json.path("options")),
        list(json.path("ours"), EntryJson::belonging));
  }

  private static Map<String, String> options(JsonNode json) {
    Map<String, String> options = new LinkedHashMap<>();
    json.properties().forEach(one -> options.put(one.getKey(), one.getValue().asText()));
    return options;
  }

  private static Belonging belonging(JsonNode json) {
    return new Belonging(
        value(Kind.class, text(json, "kind")),
        text(json, "role"),
        text(json, "name"),
        optional(json.get("inode"))
            .map(inode -> new FileNumber(json.path("device").asLong(), inode.asLong())));
  }

  private static Ending ending(JsonNode json) {
    return new Ending(
        value(Outcome.class, text(json, "outcome")),
        value(GuestState.class, text(json, "guest")),
        optional(json.get("error"))
            .map(error ->
                new Failure(
                    value(ErrorCode.class, text(error, "code")),
                    Redaction.ofText(text(error, "message")),
                    optional(error.get("disk")).map(JsonNode::asText))));
  }

  private static <T> List<T> list(JsonNode array, Function<JsonNode, T> read) {
    List<T> values = new ArrayList<>();
    array.forEach(item -> values.add(read.apply(item)));
    return List.copyOf(values);
  }

  private static String text(JsonNode json, String key) {
    JsonNode value = json.path(key);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("the entry has no " + key);
    }
    return value.asText();
  }

  private static Optional<JsonNode> optional(@Nullable JsonNode value) {
    return Optional.ofNullable(value).filter(known -> !known.isNull());
  }

  private static void put(ObjectNode json, String key, Optional<String> value) {
    value.ifPresent(known -> json.put(key, known));
  }

  /** As on the command line: {@code NEVER_FROZEN} is {@code never-frozen}. */
  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static <E extends Enum<E>> E value(Class<E> type, String word) {
    return Enum.valueOf(type, word.toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
