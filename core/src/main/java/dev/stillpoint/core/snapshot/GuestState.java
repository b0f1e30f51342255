package dev.stillpoint.core.snapshot;

/** What is known about the guest when an operation has ended. */
public enum GuestState {
  /** No freeze was ever written, and the machine was not paused. */
  NEVER_FROZEN,
  /** A freeze was written, and the thaw is proved; or the machine has ended, and its freeze too. */
  THAWED,
  /** A pause was written, and the resume could not be confirmed. */
  MAYBE_PAUSED,
  /** A freeze was written, and the thaw could not be proved. */
  MAYBE_FROZEN
}
