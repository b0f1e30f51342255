package dev.stillpoint.core.spi;

/**
 * Where an operation writes down what it is about to do, so that somebody else can finish it. Never
 * called between the reply to a freeze and the request to thaw. Blocks until the entry is safe.
 */
public interface Journal {

  /** The moments that are written down, each named by what comes next. */
  enum Phase {
    /** Before anything is made: what is planned. */
    RESERVING,
    /** The files are made, and are empty: which they are, before anything is put into them. */
    PREPARING,
    /** Before the guest is frozen, or the machine paused, or the disks cut. */
    HOLDING,
    /** The guest is known to be let go. */
    RELEASED,
    /** The cut is about to be taken back: from here on no image below is a point in time. */
    UNDOING,
    /** The operation has ended; what it still owes and what is left of it stays written down. */
    ENDED
  }

  /**
   * Writes one entry, which stands for all earlier ones of its operation.
   *
   * @throws java.io.UncheckedIOException when it cannot be made safe
   */
  void write(JournalEntry entry);

  /** A journal that keeps nothing. */
  static Journal none() {
    return entry -> {};
  }
}
