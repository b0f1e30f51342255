package dev.stillpoint.core.spi;

/**
 * Where an operation writes down what it is about to do, so that somebody else can finish it. Never
 * called between the reply to a freeze and the request to thaw. Blocks until the entry is safe.
 */
public interface Journal {

  /** The moments that are written down. */
  enum Phase {
    /** Before anything is made. */
    PREPARING,
    /** Before the guest is frozen, or the machine paused, or the disks cut. */
    HOLDING,
    /** The guest is known to be let go. */
    RELEASED,
    /** Nothing is owed any more. */
    ENDED
  }

  /**
   * Writes one entry.
   *
   * @throws java.io.UncheckedIOException when it cannot be made safe
   */
  void write(String operationId, Phase phase);

  /** A journal that keeps nothing. */
  static Journal none() {
    return (operationId, phase) -> {};
  }
}
