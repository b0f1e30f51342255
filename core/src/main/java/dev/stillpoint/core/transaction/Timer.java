package dev.stillpoint.core.transaction;

/** The clocks of an operation. Starting one that runs starts it anew. */
public enum Timer {
  /** The caller's timeout, from the start. */
  OVERALL,
  /** The freeze window. */
  WINDOW,
  /** The pause before the thaw is tried again. */
  THAW_RETRY,
  /** The pause before the resume is tried again. */
  RESUME_RETRY,
  /** How long things that are owed are pursued after the caller's timeout. */
  BOUND
}
