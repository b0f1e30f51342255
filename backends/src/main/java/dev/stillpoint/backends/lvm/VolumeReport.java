package dev.stillpoint.backends.lvm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What {@code lvs} tells in JSON. */
final class VolumeReport {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FIELDS =
      "vg_name,lv_name,lv_size,lv_attr,origin,pool_lv,data_percent,metadata_percent,"
          + "lv_device_open,lv_snapshot_invalid,lv_health_status,lv_tags,lv_time,vg_free,"
          + "vg_extent_size";

  /** Times as seconds since 1970; the rest as it is read here, whatever lvm.conf says. */
  private static final String FORM =
      "report { time_format=\"%s\" binary_values_as_numeric=0 list_item_separator=\",\""
          + " compact_output=0 }";

  /** In the order of what is asked for. */
  private static final List<String> LVS =
      List.of(
          "lvs",
          "--reportformat",
          "json",
          "--units",
          "b",
          "--nosuffix",
          "--config",
          FORM,
          "-o",
          FIELDS);

  /** Letters of {@code lv_attr}. */
  private static final int KIND = 0;

  private static final int STATE = 4;
  private static final char ACTIVE = 'a';

  private VolumeReport() {}

  /** The volumes of a group. */
  static List<Volume> ofGroup(Programs programs, String group, Deadline deadline)
      throws IOException {
    return parse(programs.require(with("--", group), deadline));
  }

  /**
   * One volume of a group.
   *
   * @param name made of what LVM allows in names
   */
  static Optional<Volume> find(Programs programs, String group, String name, Deadline deadline)
      throws IOException {
    String selected = "lv_name=\"" + name + "\"";
    return parse(programs.require(with("-S", selected, "--", group), deadline)).stream()
        .findFirst();
  }

  /** The volume that has this path; the status and the words of {@code lvs} where it knows none. */
  static Said at(Programs programs, String path, Deadline deadline) throws IOException {
    return programs.run(with("--", path), deadline);
  }

  private static List<String> with(String... more) {
    var command = new ArrayList<>(LVS);
    command.addAll(List.of(more));
    return command;
  }

  /** The volumes of a report. */
  static List<Volume> parse(String text) throws IOException {
    var volumes = new ArrayList<Volume>();
    try {
      for (JsonNode report : JSON.readTree(text).path("report")) {
        for (JsonNode row : report.path("lv")) {
          volumes.add(volume(row));
        }
      }
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IOException("what lvs reports cannot be read: " + e.getMessage(), e);
    }
    return volumes;
  }

  private static Volume volume(JsonNode row) {
    return new Volume(
        text(row, "vg_name"),
        text(row, "lv_name"),
        Long.parseLong(text(row, "lv_size")),
        attribute(row, KIND),
        attribute(row, STATE) == ACTIVE,
        text(row, "origin"),
        text(row, "pool_lv"),
        percent(row, "data_percent"),
        percent(row, "metadata_percent"),
        isOpen(row),
        text(row, "lv_snapshot_invalid").equals("snapshot invalid"),
        text(row, "lv_health_status"),
        Set.of(text(row, "lv_tags").split(",")),
        Instant.ofEpochSecond(Long.parseLong(text(row, "lv_time"))),
        Long.parseLong(text(row, "vg_free")),
        Long.parseLong(text(row, "vg_extent_size")));
  }

  private static char attribute(JsonNode row, int at) {
    String all = text(row, "lv_attr");
    return at < all.length() ? all.charAt(at) : '?';
  }

  /** What has a device may be open where LVM cannot tell; it never can where there is none. */
  private static boolean isOpen(JsonNode row) {
    String word = text(row, "lv_device_open");
    return word.equals("open") || (word.equals("unknown") && attribute(row, STATE) == ACTIVE);
  }

  private static String text(JsonNode row, String field) {
    JsonNode value = row.get(field);
    if (value == null || !value.isTextual()) {
      throw new IllegalArgumentException("it has no " + field);
    }
    return value.textValue().strip();
  }

  private static Optional<Double> percent(JsonNode row, String field) {
    String text = text(row, field);
    return text.isEmpty() ? Optional.empty() : Optional.of(Double.valueOf(text));
  }
}
