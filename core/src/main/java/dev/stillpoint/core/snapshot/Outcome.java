package dev.stillpoint.core.snapshot;

/** How an operation ended. */
public enum Outcome {
  /** All disks were cut; the result says how consistently. */
  SUCCEEDED,
  /** No disk is cut; what was made for it has been removed. */
  FAILED,
  /** As failed, at the caller's own request. */
  CANCELLED,
  /** What became of the cut could not be found out, or undoing it failed. */
  UNKNOWN
}
