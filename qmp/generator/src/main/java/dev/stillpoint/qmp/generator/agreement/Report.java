package dev.stillpoint.qmp.generator.agreement;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What came of a comparison.
 *
 * @param commands how many were compared
 * @param events how many were compared
 * @param members how many members, words and kinds were compared
 * @param disagreements one line each
 * @param drift what a version that is newer than the model has more, or no more
 * @param leftOut what this build does not have, with the condition that it does not fulfil
 */
public record Report(
    int commands,
    int events,
    int members,
    List<String> disagreements,
    List<String> drift,
    Map<String, String> leftOut) {
  /** Copies the collections. */
  public Report {
    disagreements = List.copyOf(disagreements);
    drift = List.copyOf(drift);
    leftOut = Map.copyOf(leftOut);
  }

  /** In a form for people: the counts, then what is left out by condition, then what is wrong. */
  public String text() {
    var text = new StringBuilder();
    text.append(
        "%d commands, %d events, %d members, words and kinds: %d disagreements%n"
            .formatted(commands, events, members, disagreements.size()));
    leftOut.entrySet().stream()
        .collect(
            Collectors.groupingBy(
                Map.Entry::getValue,
                java.util.TreeMap::new,
                Collectors.mapping(Map.Entry::getKey, Collectors.toList())))
        .forEach((condition, names) ->
            text.append(
                "  not without %s: %s%n"
                    .formatted(condition, String.join(", ", names.stream().sorted().toList()))));
    drift.forEach(line -> text.append("  newer than the model: ").append(line).append('\n'));
    disagreements.forEach(line -> text.append("  WRONG: ").append(line).append('\n'));
    return text.toString();
  }
}
