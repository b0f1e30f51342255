package dev.stillpoint.backends.storage;

/** Whether a snapshot is there. */
public enum Presence {
  /** There is none of that name. */
  ABSENT,
  /** It is there, and shown to be made by the operation that was asked for. */
  OURS,
  /**
   * The operation that was asked for has begun to make it, and there is no snapshot yet: such as an
   * empty place that only it may fill. Or there is none any more, such as a classic LVM snapshot
   * that has overflowed. {@link Storage#delete} removes that.
   */
  BEGUN,
  /** It is there, and another one's or nobody knows whose. */
  FOREIGN
}
