package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import java.util.List;

/**
 * What is there of what an operation was about to make, asked by somebody who was not there when it
 * was made.
 *
 * @param present one entry a disk whose snapshot is there and shown to be that operation's
 * @param absent the disks of which nothing is there
 * @param doubtful what is there and cannot be shown to be that operation's, in words; never removed
 */
public record Remains(List<DiskSnapshot> present, List<String> absent, List<String> doubtful) {
  /** Copies the lists. */
  public Remains {
    present = List.copyOf(present);
    absent = List.copyOf(absent);
    doubtful = List.copyOf(doubtful);
  }
}
