package dev.stillpoint.core.transaction;

/**
 * What checking decided.
 *
 * @param freeze whether the guest is to be frozen around the cut
 * @param pause whether the machine is to be paused around it, for cuts that are not one instant
 * @param ownPace whether the guest's freeze has a time of its own, so that the window begins only
 *     when the guest is frozen
 */
public record Plan(boolean freeze, boolean pause, boolean ownPace) {

  /** The usual one: the window begins when the freeze is written. */
  public Plan(boolean freeze, boolean pause) {
    this(freeze, pause, false);
  }

  Plan withoutFreeze() {
    return new Plan(false, pause);
  }
}
