package dev.stillpoint.core.transaction;

/** The clocks of an operation. Starting one that runs starts it anew. */
public enum Timer {
  /** The caller's timeout, from the start. */
  OVERALL,
  /** How long a guest with a pace of its own may take to freeze. */
  FREEZE,
  /** The freeze window: from freeze written, or from its reply where the guest has its own pace. */
  WINDOW,
  /** The pause before the thaw is tried again. */
  THAW_RETRY,
  /** The pause before the resume is tried again. */
  RESUME_RETRY,
  /** How long things that are owed are pursued after the caller's timeout. */
  BOUND
}
