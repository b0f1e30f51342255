package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.Consistency;
import java.util.List;

/**
 * A proved thaw, and what it says about the freeze before it.
 *
 * @param reached what the freeze was worth if it held: {@code FILESYSTEM} or {@code APPLICATION};
 *     {@code CRASH} when it cannot be shown that the freeze held until the thaw
 * @param reasons why it is not better
 * @param warnings such as a thaw hook that failed
 * @param firstWrittenNanos when the first thaw of this operation was written, by {@link
 *     System#nanoTime()}
 * @param repliedNanos when the reply of the thaw that is proved was read, by the same clock
 */
public record ThawReport(
    Consistency reached,
    List<String> reasons,
    List<String> warnings,
    long firstWrittenNanos,
    long repliedNanos) {

  /** Whether the freeze is shown to have held until the thaw. */
  public boolean freezeHeld() {
    return reached == Consistency.FILESYSTEM || reached == Consistency.APPLICATION;
  }
}
