package dev.stillpoint.core.snapshot;

/** What to do about the guest's file systems around the cut. */
public enum Quiesce {
  /** Freeze them; fail, with nothing changed, where that cannot be done or cannot be proved. */
  REQUIRE,
  /** Freeze them where possible; otherwise cut all the same, and say why it is only a crash. */
  PREFER,
  /** Do not speak to the guest at all. */
  NEVER
}
