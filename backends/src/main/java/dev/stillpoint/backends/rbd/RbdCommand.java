package dev.stillpoint.backends.rbd;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** What is said to {@code rbd}, and what it answers. Its status is the error's number. */
final class RbdCommand {
  /** ENOENT: no such image, snapshot or key, and also no such cluster. */
  private static final int ABSENT = 2;

  /** What is said with that of what is not there in a cluster that answers. */
  private static final List<String> ABSENT_WORDS =
      List.of("error opening pool", "error opening image", "metadata failed", "remove snapshot");

  /** EBUSY: protected. */
  static final int BUSY = 16;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Programs programs;

  RbdCommand(Programs programs) {
    this.programs = programs;
  }

  /** A snapshot of an image. */
  record Listed(long id, String name, String timestamp) {}

  /** The words of a command for an image. */
  static List<String> words(RbdImage image, List<String> what, String... more) {
    var command = new ArrayList<>(List.of("rbd"));
    command.addAll(what);
    command.addAll(image.arguments());
    Collections.addAll(command, more);
    return command;
  }

  /** Runs it, however it ends. */
  Said run(Deadline deadline, RbdImage image, List<String> what, String... more)
      throws IOException {
    return programs.run(words(image, what, more), deadline);
  }

  /** Whether the cluster says that there is none such; where it says nothing, that is no answer. */
  static boolean isAbsent(Said said) {
    return said.status() == ABSENT && ABSENT_WORDS.stream().anyMatch(said.err()::contains);
  }

  /** Runs it and leaves it alone, however long it takes. */
  Said runToEnd(List<String> command) throws IOException {
    return programs.runToEnd(command);
  }

  /** The snapshots of an image, oldest first; empty where there is no such image. */
  Optional<List<Listed>> snapshots(RbdImage image, Deadline deadline) throws IOException {
    Optional<JsonNode> found = ask(image, List.of("snap", "ls"), deadline);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    var snapshots = new ArrayList<Listed>();
    for (JsonNode one : found.get()) {
      snapshots.add(
          new Listed(
              one.path("id").asLong(), one.path("name").asText(), one.path("timestamp").asText()));
    }
    snapshots.sort(java.util.Comparator.comparingLong(Listed::id));
    return Optional.of(snapshots);
  }

  /** How many have an image open; empty where there is no such image. */
  Optional<Integer> watchers(RbdImage image, Deadline deadline) throws IOException {
    return ask(image, List.of("status"), deadline).map(found -> found.path("watchers").size());
  }

  private Optional<JsonNode> ask(RbdImage image, List<String> what, Deadline deadline)
      throws IOException {
    List<String> command = words(image, what, "--format=json");
    Said said = programs.run(command, deadline);
    if (isAbsent(said)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readTree(Programs.succeeded(command, said)));
    } catch (JsonProcessingException e) {
      throw new IOException("rbd said something that is no JSON", e);
    }
  }

  /**
   * The value of an image's own key, which is no option by its beginning; empty where it has none.
   */
  Optional<String> note(RbdImage image, String key, Deadline deadline) throws IOException {
    List<String> command = words(image, List.of("image-meta", "get"), key);
    Said said = programs.run(command, deadline);
    return isAbsent(said)
        ? Optional.empty()
        : Optional.of(Programs.succeeded(command, said).strip());
  }

  void setNote(RbdImage image, String key, String value, Deadline deadline) throws IOException {
    programs.require(words(image, List.of("image-meta", "set"), key, value), deadline);
  }

  /** Removes a key, if it is there. */
  void removeNote(RbdImage image, String key, Deadline deadline) throws IOException {
    List<String> command = words(image, List.of("image-meta", "remove"), key);
    Said said = programs.run(command, deadline);
    if (!isAbsent(said)) {
      requireDone(command, said);
    }
  }

  /** Fails with what was said, unless it ended well. */
  static void requireDone(List<String> command, Said said) throws IOException {
    Programs.succeeded(command, said);
  }
}
