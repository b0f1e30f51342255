package dev.stillpoint.core.snapshot;

/** What to do with a cut that came after the guest had to be let go. */
public enum LateCut {
  /** Undo it: the machine writes to its former images again. */
  UNDO,
  /** Keep it, as crash-consistent. */
  ADOPT
}
