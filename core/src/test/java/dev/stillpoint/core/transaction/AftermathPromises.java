package dev.stillpoint.core.transaction;

import static dev.stillpoint.core.transaction.Promises.require;

import dev.stillpoint.core.transaction.Aftermath.Cut;
import dev.stillpoint.core.transaction.Aftermath.Files;
import dev.stillpoint.core.transaction.Aftermath.Recovery;

/** What must be true when the owner is gone, whatever has happened and happens then. */
final class AftermathPromises {
  private AftermathPromises() {}

  /**
   * Where the owner has just been killed, and the guard lives. One that the guard has let the guest
   * go for already, as it stood still, has had its help: then the journal is what is left.
   */
  static void checkAtTheCrash(Aftermath left, World world) {
    require(
        !(left.mayBeFrozen() || left.paused) || left.guarded || world.guardDone,
        "a guest whose owner is killed is let go with nobody's help");
  }

  static void check(Aftermath left, Rescue rescue) {
    require(
        !left.mayBeFrozen() || left.guarded || left.owesThaw(),
        "a guest that may be frozen has a guard, or the journal says so");
    require(!left.paused || left.owesResume(), "a machine that may be paused is so in the journal");
    require(
        !remains(left) || left.told || left.isListed(),
        "nothing of ours remains that is not in the result or the journal");
    if (left.guarded) {
      Aftermath let = rescue.guarded(left);
      require(!let.mayBeFrozen() && !let.paused, "a guard lets the guest go");
    }
    if (left.machineGone || !rescue.canBegin(left)) {
      return;
    }
    Aftermath end = rescue.unhindered(left);
    require(!end.mayBeFrozen() && !end.paused, "a recovery lets the guest go");
    require(
        !left.sync || left.cut != Cut.NONE || !left.isListed() || end.files == Files.NONE,
        "a recovery removes what a sync way has made for nothing");
    boolean begun =
        left.recovery == Recovery.REMOVING_NODES || left.recovery == Recovery.REMOVING_FILES;
    require(
        !begun || (end.files == Files.NONE && !end.nodes),
        "a recovery removes what was not used, also when it was killed before");
  }

  private static boolean remains(Aftermath left) {
    return left.files != Files.NONE || left.nodes || left.cut != Cut.NONE;
  }
}
