package dev.stillpoint.core.snapshot;

/** Whether the machine may be paused for a cut that is not one instant by itself. */
public enum Pausing {
  /** Where nothing else makes the cut one instant, or brings every writer to rest. */
  ALLOWED,
  /** Never: such a cut has no consistency then. */
  FORBIDDEN
}
