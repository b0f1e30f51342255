package dev.stillpoint.core.transaction;

import dev.stillpoint.core.spi.FreezePace;
import java.util.List;
import java.util.Optional;

/**
 * What checking found out.
 *
 * @param pace how long the guest takes to freeze and holds, where it has a pace of its own
 * @param together what makes the cuts of all disks one
 * @param reasons why the consistency will not be better, known before anything is done
 */
public record Survey(
    Plan plan,
    Optional<FreezePace> pace,
    Together together,
    List<String> reasons,
    List<String> notCovered,
    List<String> warnings) {

  /** What makes the cuts of all disks one, if anything does. */
  public enum Together {
    /** They are one instant, frozen or not, or the machine is paused around them. */
    ONE_INSTANT,
    /** Everything that writes through a file system is frozen; without a freeze that held, none. */
    WHILE_FROZEN,
    /** Nothing: the machine writes between one cut and the next. */
    APART
  }
}
