package dev.stillpoint.core.snapshot;

/**
 * Hears of an operation's progress. Called on a thread of its own, in order, and never while the
 * guest is held: what happens in the hold is told right after it. A slow listener delays nothing.
 */
@FunctionalInterface
public interface SnapshotListener {

  /** The machine entered a state, named as in the state diagram, such as {@code preparing}. */
  void entered(String state);

  /** A listener that does nothing. */
  static SnapshotListener none() {
    return state -> {};
  }
}
