package dev.stillpoint.core.transaction;

/**
 * What an operation may owe to the guest, as its journal is told.
 *
 * @param thaw whether the guest may be frozen by it
 * @param resume whether the machine may be paused by it
 */
public record Owed(boolean thaw, boolean resume) {
  static final Owed NOTHING = new Owed(false, false);

  /** What a hold by this plan will owe. */
  static Owed of(Plan plan) {
    return new Owed(plan.freeze(), plan.pause());
  }
}
