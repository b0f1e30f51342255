package dev.stillpoint.backends.qemu.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.qapi.ImageInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The snapshots inside an image, as QEMU or {@code qemu-img} tells them. */
public final class InternalSnapshots {
  /** The method that makes them. */
  public static final String METHOD = "qemu-internal";

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String MARK = ".sp-";
  private static final Pattern MARKED = Pattern.compile("\\.sp-[0-9a-f]{8}$");

  /** How Ceph names an image's part of a group snapshot. */
  private static final Pattern PART = Pattern.compile("^\\.group\\.[0-9]+_[0-9a-f]+_[0-9a-f]+$");

  /** How rbd-mirror names those that it makes, and removes, of an image. */
  private static final Pattern MIRRORED =
      Pattern.compile("^\\.mirror\\.(?:primary|non[_-]primary)\\.[0-9a-f-]{36}\\.[0-9a-f_-]+$");

  private InternalSnapshots() {}

  /** What a snapshot of this name by this operation is called inside an image. */
  public static String marked(String name, String operationId) {
    return name + MARK + operationId;
  }

  public static boolean isOf(String inside, String operationId) {
    return !operationId.isEmpty() && inside.endsWith(MARK + operationId);
  }

  private static String unmarked(String inside) {
    return MARKED.matcher(inside).replaceFirst("");
  }

  /** Of an image that a machine uses; a backup reads what the last argument makes of a name. */
  public static List<StoredSnapshot> of(ImageInfo info, Function<String, DiskSource> within) {
    return info.snapshots() == null
        ? List.of()
        : info.snapshots().stream()
            .map(one -> stored(one.name(), one.dateSec(), one.dateNsec(), within.apply(one.name())))
            .toList();
  }

  /**
   * QEMU tells of what Ceph keeps for itself, too: the parts of group snapshots, which it opens by
   * no name, and what rbd-mirror sends to another cluster, which goes when that is there.
   */
  public static List<StoredSnapshot> ofUsers(List<StoredSnapshot> told) {
    return told.stream().filter(one -> !isOfCeph(one.place())).toList();
  }

  private static boolean isOfCeph(String inside) {
    return PART.matcher(inside).matches() || MIRRORED.matcher(inside).matches();
  }

  /** A snapshot that a qcow2 of this host keeps. */
  public static DiskSource within(Path image, String inside) {
    return new DiskSource.Internal(image, inside, "qcow2");
  }

  /** From {@code qemu-img info --output=json}. */
  static List<StoredSnapshot> parse(String json, Path image) throws IOException {
    JsonNode info;
    try {
      info = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IOException("qemu-img said no JSON", e);
    }
    List<StoredSnapshot> found = new ArrayList<>();
    for (JsonNode one : info.path("snapshots")) {
      String inside = one.path("name").asText();
      found.add(
          stored(
              inside,
              one.path("date-sec").asLong(),
              one.path("date-nsec").asLong(),
              within(image, inside)));
    }
    return found;
  }

  /** Its place is its whole name there. Of an image of Ceph, QEMU tells the time 0. */
  private static StoredSnapshot stored(
      String inside, long seconds, long nanos, DiskSource backupSource) {
    return new StoredSnapshot(
        unmarked(inside),
        METHOD,
        inside,
        seconds == 0 ? Optional.empty() : Optional.of(Instant.ofEpochSecond(seconds, nanos)),
        Optional.of(backupSource),
        Optional.empty());
  }
}
