package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a QEMU does not know of some arguments, as paths. Where it is a list that is meant, an
 * element's path has its number.
 *
 * @param arguments the same without the unknown members
 * @param unknownMembers what it does not take
 * @param unknownValues words that it does not take; they cannot be left out
 * @param missing what it demands and is not there once the unknown is left out
 */
public record SchemaFindings(
    ObjectNode arguments,
    List<String> unknownMembers,
    List<String> unknownValues,
    List<String> missing) {
  /** Copies the lists. */
  public SchemaFindings {
    unknownMembers = List.copyOf(unknownMembers);
    unknownValues = List.copyOf(unknownValues);
    missing = List.copyOf(missing);
  }

  /** Whether everything is known; what is missing is not looked at. */
  public boolean allKnown() {
    return unknownMembers.isEmpty() && unknownValues.isEmpty();
  }

  /** Whether it can be sent once the unknown members are left out. */
  public boolean canLeaveOut() {
    return unknownValues.isEmpty() && missing.isEmpty();
  }

  /** All paths, for a message. */
  public List<String> paths() {
    return Stream.of(unknownMembers, unknownValues, missing).flatMap(List::stream).toList();
  }
}
