package dev.stillpoint.testkit.oracle;

import java.util.List;

/**
 * The numbers that the guest's writer had put on its disks, one after the other with a sync between
 * them. One instant shows them equal, or the first ones one ahead; and no number that was
 * acknowledged before the cut is missing.
 */
public record WriteOrder(List<Long> numbers, long acknowledged) {
  /** Copies the list. */
  public WriteOrder {
    numbers = List.copyOf(numbers);
  }

  /** Judges the order. */
  public Finding judge() {
    boolean falling = true;
    for (int i = 1; i < numbers.size(); i++) {
      falling &= numbers.get(i - 1) >= numbers.get(i);
    }
    long first = numbers.get(0);
    long last = numbers.get(numbers.size() - 1);
    boolean good = falling && last >= first - 1 && last >= acknowledged;
    return new Finding(
        good, "the disks stand at " + numbers + ", acknowledged before: " + acknowledged);
  }
}
