package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.DescribedSnapshot;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A result as the one JSON object that scripts read. Its keys are a contract. */
final class ResultJson {
  private static final double MICROS_PER_MILLI = 1e3;

  private static final String MODIFIED_XML = "modifiedDiskXml";
  private static final String BACKUP_XML = "backupSourceXml";

  private ResultJson() {}

  static ObjectNode of(SnapshotResult result) {
    return of(DescribedSnapshot.plain(result));
  }

  static ObjectNode of(DescribedSnapshot described) {
    SnapshotResult result = described.result();
    ObjectNode json = object();
    json.put("name", result.name().text());
    json.put("outcome", word(result.outcome()));
    json.put("consistency", word(result.consistency()));
    json.set("reasons", texts(result.reasons()));
    json.putNull("pointInTime");
    result
        .pointInTime()
        .ifPresent(time ->
            json.putObject("pointInTime")
                .put("from", time.from().toString())
                .put("to", time.to().toString()));
    millis(json, "frozenMs", result.frozen());
    millis(json, "holdMs", result.hold());
    json.put("commandsInHold", result.commandsInHold());
    millis(json, "pausedMs", Optional.of(result.paused()));
    json.put("guest", word(result.guest()));
    ArrayNode disks = json.putArray("disks");
    result
        .disks()
        .forEach(
            disk -> disks.add(described.of(disk).map(ResultJson::of).orElseGet(() -> of(disk))));
    json.set("notCovered", texts(result.notCovered()));
    json.set("warnings", texts(result.warnings()));
    json.putNull("error");
    result.error().ifPresent(failure -> json.set("error", of(failure)));
    return json;
  }

  static ObjectNode of(DiskSnapshot disk) {
    ObjectNode json = object();
    json.put("disk", disk.disk());
    json.put("method", disk.method());
    json.put("way", disk.way());
    json.put("nodeName", disk.nodeName().orElse(null));
    json.putNull("modifiedDisk");
    disk.modifiedDisk().ifPresent(source -> json.set("modifiedDisk", of(source)));
    json.set("backupSource", of(disk.backupSource()));
    // Filled where the caller gave the disk as XML.
    json.putNull(MODIFIED_XML);
    json.putNull(BACKUP_XML);
    return json;
  }

  private static ObjectNode of(DescribedSnapshot.Disk disk) {
    return of(disk.snapshot())
        .put(MODIFIED_XML, disk.modifiedDiskXml().orElse(null))
        .put(BACKUP_XML, disk.backupSourceXml().orElse(null));
  }

  static ObjectNode of(DiskSource source) {
    ObjectNode json = object();
    switch (source) {
      case DiskSource.File file -> json.put("file", file.path().toString());
      case DiskSource.Device device -> json.put("device", device.path().toString());
      case DiskSource.Rbd rbd -> json.put("rbd", rbd.address());
      case DiskSource.Pooled volume -> json.put("volume", volume.address());
      case DiskSource.Internal inside ->
          json.put("file", inside.image().toString()).put("snapshot", inside.snapshot());
      case DiskSource.Remote remote -> json.put("remote", remote.address());
    }
    return json.put("format", source.format());
  }

  static ObjectNode of(Failure failure) {
    return object()
        .put("code", word(failure.code()))
        .put("message", failure.message())
        .put("disk", failure.disk().orElse(null));
  }

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** Enum constants in the contract's spelling: {@code never-frozen}. */
  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static ArrayNode texts(List<String> texts) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    texts.forEach(array::add);
    return array;
  }

  static void millis(ObjectNode json, String key, Optional<Duration> duration) {
    if (duration.isPresent()) {
      json.put(key, millis(duration.get()));
    } else {
      json.putNull(key);
    }
  }

  /** Milliseconds with microseconds behind the point. */
  static double millis(Duration duration) {
    return TimeUnit.NANOSECONDS.toMicros(duration.toNanos()) / MICROS_PER_MILLI;
  }
}
