package dev.stillpoint.backends.storage;

/** Whether a snapshot is there. */
public enum Presence {
  /** There is none of that name. */
  ABSENT,
  /** It is there, and shown to be made by the operation that was asked for. */
  OURS,
  /** It is there, and another one's or nobody knows whose. */
  FOREIGN
}
