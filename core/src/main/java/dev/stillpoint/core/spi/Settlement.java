package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import java.util.List;

/**
 * What really became of a cut.
 *
 * @param disks what each disk has become; for {@link State#UNKNOWN} what was seen, with both images
 * @param findings what was seen, in words, where it is not as expected
 */
public record Settlement(State state, List<DiskSnapshot> disks, List<String> findings) {

  /** The answers. */
  public enum State {
    /** Every disk is cut. */
    APPLIED,
    /**
     * Some disks are cut and some are not, as where one method of several has failed. Never a
     * success: it is undone.
     */
    PARTLY_APPLIED,
    /** No disk is cut. */
    NOT_APPLIED,
    /** Neither can be shown. */
    UNKNOWN
  }

  /** Copies the lists. */
  public Settlement {
    disks = List.copyOf(disks);
    findings = List.copyOf(findings);
  }
}
