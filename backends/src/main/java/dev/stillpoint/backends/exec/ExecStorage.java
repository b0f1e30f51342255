package dev.stillpoint.backends.exec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.storage.PlannedSnapshot;
import dev.stillpoint.backends.storage.Presence;
import dev.stillpoint.backends.storage.Prospect;
import dev.stillpoint.backends.storage.Storage;
import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Snapshots by a program of the caller's: one request on its standard input, one answer on its
 * standard output, for each step. {@code docs/methods/exec.md} is the contract.
 */
final class ExecStorage implements Storage {
  static final String NAME = "exec";

  /** The option of a disk that says which program it is; all others are the program's. */
  private static final String PROGRAM = "program";

  /** The longest that a program can say its cut will take. */
  private static final long MAX_EXPECTED_MS = Duration.ofHours(1).toMillis();

  @Override
  public String name() {
    return NAME;
  }

  /** How far this holds is each program's affair: its capabilities are asked at the check. */
  @Override
  public MethodTraits traits() {
    return new MethodTraits(
        MethodTraits.Span.DISK,
        Duration.ofSeconds(1),
        true,
        EnumSet.allOf(MethodTraits.Ability.class),
        Set.of(DiskSource.File.class, DiskSource.Device.class, DiskSource.Remote.class));
  }

  @Override
  public PlannedSnapshot plan(LocatedDisk disk, SnapshotName name, Deadline deadline)
      throws IOException {
    ExecProgram program = program(disk);
    JsonNode answer = program.ask(diskRequest("plan", disk).put("name", name.text()), deadline);
    String snapshot = answer.path("snapshot").asText();
    DiskSource source =
        ExecSource.read(answer.path("backupSource"))
            .orElseThrow(() -> program.unfit("plan", "a backupSource"));
    if (snapshot.isEmpty()) {
      throw program.unfit("plan", "a snapshot");
    }
    Map<String, String> options = new LinkedHashMap<>();
    options.put(PROGRAM, disk.options().getOrDefault(PROGRAM, ""));
    for (Map.Entry<String, JsonNode> one : answer.path("options").properties()) {
      if (!one.getValue().isTextual() || one.getKey().equals(PROGRAM)) {
        throw program.unfit("plan", "options that are all texts");
      }
      options.put(one.getKey(), one.getValue().textValue());
    }
    return new PlannedSnapshot(disk, new StorageSnapshot(snapshot, options), source);
  }

  private static ExecProgram program(LocatedDisk disk) {
    String file = disk.options().get(PROGRAM);
    if (file == null || !file.startsWith("/")) {
      throw disk.refusal(
          ErrorCode.BAD_REQUEST, "the method exec needs program=PATH, and the path is absolute");
    }
    try {
      return new ExecProgram(Path.of(file));
    } catch (InvalidPathException e) {
      throw disk.refusal(ErrorCode.BAD_REQUEST, "program=" + file + " is no path");
    }
  }

  private static ObjectNode diskRequest(String action, LocatedDisk disk) {
    ObjectNode request = ExecProgram.request(action, "");
    ObjectNode one = request.putObject("disk").put("name", disk.name());
    ExecSource.write(disk.source(), one.putObject("source"));
    ObjectNode options = one.putObject("options");
    disk.options()
        .forEach((key, value) -> {
          if (!key.equals(PROGRAM)) {
            options.put(key, value);
          }
        });
    return request;
  }

  /** Snapshots by the program that makes them, in the order in which they come. */
  private static Map<String, List<StorageSnapshot>> byProgram(List<StorageSnapshot> snapshots) {
    Map<String, List<StorageSnapshot>> groups = new LinkedHashMap<>();
    for (StorageSnapshot one : snapshots) {
      groups.computeIfAbsent(one.option(PROGRAM), ignored -> new ArrayList<>()).add(one);
    }
    return groups;
  }

  private static ObjectNode snapshotRequest(
      String action, String operationId, List<StorageSnapshot> snapshots) {
    ObjectNode request = ExecProgram.request(action, operationId);
    ArrayNode all = request.putArray("snapshots");
    for (StorageSnapshot one : snapshots) {
      ObjectNode options = all.addObject().put("snapshot", one.name()).putObject("options");
      one.options()
          .forEach((key, value) -> {
            if (!key.equals(PROGRAM)) {
              options.put(key, value);
            }
          });
    }
    return request;
  }

  @Override
  public Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException {
    Map<String, List<StorageSnapshot>> groups = byProgram(snapshots);
    boolean oneInstant = groups.size() == 1;
    Duration expected = Duration.ZERO;
    var warnings = new ArrayList<String>();
    for (var group : groups.entrySet()) {
      var program = new ExecProgram(Path.of(group.getKey()));
      requireCapable(program, deadline);
      JsonNode answer = program.ask(snapshotRequest("check", "", group.getValue()), deadline);
      JsonNode time = answer.path("expectedMs");
      if (!time.isIntegralNumber() || time.asLong() < 0 || time.asLong() > MAX_EXPECTED_MS) {
        throw program.unfit("check", "expectedMs");
      }
      oneInstant &= answer.path("oneInstant").asBoolean() || group.getValue().size() == 1;
      expected = expected.plusMillis(time.asLong());
      answer.path("warnings").forEach(one -> warnings.add(one.asText()));
    }
    return new Prospect(oneInstant, expected, warnings);
  }

  private static void requireCapable(ExecProgram program, Deadline deadline) throws IOException {
    JsonNode answer = program.ask(ExecProgram.request("capabilities", ""), deadline);
    for (String action : List.of("plan", "check", "prepare", "cut", "find", "delete")) {
      boolean known = false;
      for (JsonNode one : answer.path("actions")) {
        known |= one.asText().equals(action);
      }
      if (!known) {
        throw program.unfit("capabilities", "the action " + action);
      }
    }
  }

  @Override
  public void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    inform("prepare", snapshots, operationId, deadline);
  }

  @Override
  public void cut(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    inform("cut", snapshots, operationId, deadline);
  }

  private static void inform(
      String action, List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (var group : byProgram(snapshots).entrySet()) {
      new ExecProgram(Path.of(group.getKey()))
          .ask(snapshotRequest(action, operationId, group.getValue()), deadline);
    }
  }

  @Override
  public Presence find(StorageSnapshot snapshot, String operationId, Deadline deadline)
      throws IOException {
    ExecProgram program = programOf(snapshot);
    JsonNode answer =
        program.ask(snapshotRequest("find", operationId, List.of(snapshot)), deadline);
    return switch (answer.path("presence").asText()) {
      case "absent" -> Presence.ABSENT;
      case "begun" -> Presence.BEGUN;
      case "ours" -> Presence.OURS;
      case "foreign" -> Presence.FOREIGN;
      default -> throw program.unfit("find", "a presence that is absent, begun, ours or foreign");
    };
  }

  private static ExecProgram programOf(StorageSnapshot snapshot) {
    return new ExecProgram(Path.of(snapshot.option(PROGRAM)));
  }

  @Override
  public void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    inform("delete", List.of(snapshot), "", deadline);
  }

  @Override
  public List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException {
    ExecProgram program = program(disk);
    JsonNode answer = program.ask(diskRequest("list", disk), deadline);
    if (!answer.path("snapshots").isArray()) {
      throw program.unfit("list", "snapshots");
    }
    var found = new ArrayList<StoredSnapshot>();
    for (JsonNode one : answer.path("snapshots")) {
      if (one.path("name").asText().isEmpty() || one.path("place").asText().isEmpty()) {
        throw program.unfit("list", "a name and a place for each");
      }
      found.add(
          new StoredSnapshot(
              one.path("name").asText(),
              NAME,
              one.path("place").asText(),
              created(program, one.path("created")),
              ExecSource.read(one.path("backupSource")),
              Optional.of(one.path("trouble").asText()).filter(text -> !text.isEmpty())));
    }
    return found;
  }

  private static Optional<Instant> created(ExecProgram program, JsonNode text) throws IOException {
    if (!text.isTextual()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Instant.parse(text.textValue().toUpperCase(Locale.ROOT)));
    } catch (DateTimeException e) {
      throw program.unfit("list", "a time of creation as 2026-11-25T17:00:00Z");
    }
  }

  @Override
  public void revert(PlannedSnapshot planned, Deadline deadline) throws IOException {
    inform("revert", List.of(planned.snapshot()), "", deadline);
  }
}
