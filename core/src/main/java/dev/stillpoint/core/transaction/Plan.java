package dev.stillpoint.core.transaction;

/**
 * What checking decided.
 *
 * @param freeze whether the guest is to be frozen around the cut
 * @param pause whether the machine is to be paused around it, for cuts that are not one instant
 */
public record Plan(boolean freeze, boolean pause) {

  Plan withoutFreeze() {
    return new Plan(false, pause);
  }
}
