package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.transaction.World.Asked;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Everything that can happen next around the machine: answers, faults, clocks, the caller. */
final class Surroundings {
  static final Failure TROUBLE = Failure.of(ErrorCode.INTERNAL, "trouble");

  private Surroundings() {}

  /**
   * Something that can happen.
   *
   * @param event what the machine hears; empty when it hears nothing
   * @param change what it means for the world
   */
  record Move(Optional<Event> event, Consumer<World> change) {}

  static List<Move> moves(World world) {
    return moves(world, Defect.NONE);
  }

  static List<Move> moves(World world, Defect defect) {
    var moves = new ArrayList<Move>();
    for (Asked asked : world.asked) {
      answers(world, asked, defect, moves);
    }
    if (defect == Defect.OWNER_TAKES_THE_GUARDS_THAW_FOR_ITS_OWN
        && world.stoodStill
        && world.asked.contains(Asked.THAW)) {
      moves.add(answer(Asked.THAW, new Event.Thawed(true), Surroundings::thawed));
    }
    if (defect == Defect.FREEZE_WRITTEN_AFTER_THE_THAW
        && world.asked.contains(Asked.FREEZE)
        && !world.freezeOwed) {
      moves.add(unheard(Surroundings::freezeRuns));
    }
    for (Timer timer : world.running) {
      moves.add(heard(new Event.TimerFired(timer), w -> fired(w, timer)));
    }
    if (!world.cancelled) {
      moves.add(heard(new Event.CancelRequested(), w -> w.cancelled = true));
    }
    if (world.freezeMayRun) {
      moves.add(unheard(Surroundings::freezeRuns));
    }
    if (world.isGuarded()) {
      for (boolean done : new boolean[] {true, false}) {
        moves.add(unheard(w -> standStill(w, done, false)));
        if (isUnanswered(world)) {
          moves.add(unheard(w -> standStill(w, done, true)));
        }
      }
    }
    if (world.cutMayApply) {
      moves.add(unheard(w -> lateCut(w, true, false)));
      moves.add(unheard(w -> lateCut(w, true, true)));
      moves.add(unheard(w -> lateCut(w, false, false)));
    }
    return moves;
  }

  static void fired(World world, Timer timer) {
    world.running.remove(timer);
    world.overallFired |= timer == Timer.OVERALL;
    world.boundFired |= timer == Timer.BOUND;
  }

  private static void freezeRuns(World world) {
    world.freezeMayRun = false;
    world.guestFrozen = true;
  }

  /** Whether what holds the guest may not be written yet, although it was asked for. */
  private static boolean isUnanswered(World world) {
    return (world.canFreeze() && world.asked.contains(Asked.FREEZE))
        || (world.canPause() && world.asked.contains(Asked.PAUSE));
  }

  /**
   * The owner is stopped for so long that the guard lets the guest go, and then wakes up and goes
   * on.
   *
   * @param done whether the guard is done by then, or leaves the rest to the owner
   * @param early whether the guard acts before the freeze or the pause is written, which then comes
   */
  private static void standStill(World world, boolean done, boolean early) {
    world.guestFrozen = false;
    world.freezeMayRun = false;
    world.machinePaused = false;
    world.freezeSpent |= world.freezeOwed && !(early && world.asked.contains(Asked.FREEZE));
    world.pauseSpent |= world.pauseOwed && !(early && world.asked.contains(Asked.PAUSE));
    world.stoodStill = true;
    world.guardDone = done;
  }

  private static void lateCut(World world, boolean applies, boolean partly) {
    world.cutMayApply = false;
    world.cutApplied = applies;
    world.cutPartly = partly;
  }

  private static void answers(World world, Asked asked, Defect defect, List<Move> moves) {
    switch (asked) {
      case CHECK -> checked(world, moves);
      case WRITE_RESERVING -> written(asked, Journal.Phase.RESERVING, moves);
      case WRITE_PREPARING -> written(asked, Journal.Phase.PREPARING, moves);
      case WRITE_HOLDING -> written(asked, Journal.Phase.HOLDING, moves);
      case WRITE_RELEASED -> written(asked, Journal.Phase.RELEASED, moves);
      case WRITE_UNDOING -> written(asked, Journal.Phase.UNDOING, moves);
      case WRITE_ENDED -> written(asked, Journal.Phase.ENDED, moves);
      case RESERVE -> {
        moves.add(answer(asked, new Event.Reserved(), w -> w.filesKnown = true));
        moves.add(answer(asked, new Event.ReserveFailed(TROUBLE), w -> {}));
      }
      case PREPARE -> {
        moves.add(answer(asked, new Event.Prepared(), w -> {}));
        moves.add(answer(asked, new Event.PrepareFailed(TROUBLE), w -> {}));
      }
      case FREEZE -> freezeAnswered(world, moves);
      case PAUSE -> {
        // Commands to a machine run in order: a pause is over once a later resume is confirmed.
        moves.add(answer(asked, new Event.Paused(), Surroundings::paused));
        moves.add(
            answer(asked, new Event.PauseFailed(TROUBLE), w -> w.machinePaused = w.canPause()));
        moves.add(answer(asked, new Event.PauseFailed(TROUBLE), w -> {}));
      }
      case CUT -> cutAnswered(world, moves);
      case RESUME -> resumeAnswered(world, defect, moves);
      case THAW -> thawAnswered(world, defect, moves);
      case SETTLE -> settled(world, defect, moves);
      case UNDO -> {
        moves.add(answer(asked, new Event.Undone(), Surroundings::undone));
        moves.add(answer(asked, new Event.UndoFailed(TROUBLE), w -> {}));
      }
      case CLEAN -> {
        moves.add(answer(asked, new Event.Cleaned(), w -> w.overlaysExist = w.cutApplied));
        moves.add(answer(asked, new Event.CleanFailed(TROUBLE), w -> {}));
      }
    }
  }

  private static void checked(World world, List<Move> moves) {
    moves.add(answer(Asked.CHECK, new Event.CheckFailed(TROUBLE), w -> {}));
    for (boolean pause : new boolean[] {false, true}) {
      if (world.terms.quiesce() != Quiesce.NEVER) {
        moves.add(answer(Asked.CHECK, new Event.Checked(new Plan(true, pause)), w -> {}));
        moves.add(answer(Asked.CHECK, new Event.Checked(new Plan(true, pause, true)), w -> {}));
      }
      if (world.terms.quiesce() != Quiesce.REQUIRE) {
        moves.add(answer(Asked.CHECK, new Event.Checked(new Plan(false, pause)), w -> {}));
      }
    }
  }

  private static void written(Asked asked, Journal.Phase phase, List<Move> moves) {
    moves.add(answer(asked, new Event.Recorded(phase), w -> w.recorded.add(phase)));
    moves.add(answer(asked, new Event.RecordFailed(phase, TROUBLE), w -> {}));
  }

  /** A freeze can succeed, fail unwritten, fail, be lost though it ran, or run much later. */
  private static void freezeAnswered(World world, List<Move> moves) {
    Asked asked = Asked.FREEZE;
    boolean canRun = world.canFreeze();
    moves.add(answer(asked, new Event.Frozen(), Surroundings::frozen));
    moves.add(answer(asked, new Event.FreezeFailed(TROUBLE, true), w -> {}));
    if (canRun) {
      moves.add(answer(asked, new Event.FreezeFailed(TROUBLE, false), Surroundings::notWritten));
      moves.add(answer(asked, new Event.FreezeFailed(TROUBLE, true), w -> w.guestFrozen = true));
      moves.add(answer(asked, new Event.FreezeFailed(TROUBLE, true), w -> w.freezeMayRun = true));
    }
  }

  private static void frozen(World world) {
    world.guestFrozen = world.canFreeze();
    world.frozenInTime = !world.guardDone;
  }

  private static void paused(World world) {
    world.machinePaused = world.canPause();
    world.pausedInTime = !world.guardDone;
  }

  private static void notWritten(World world) {
    world.freezeOwed = false;
    world.everHeld = false;
  }

  private static void undone(World world) {
    world.cutApplied = false;
    world.cutPartly = false;
  }

  /** A cut can succeed, fail, be made in part, be lost though it was made, or be made later. */
  private static void cutAnswered(World world, List<Move> moves) {
    Asked asked = Asked.CUT;
    moves.add(answer(asked, new Event.CutDone(), Surroundings::cutDone));
    moves.add(answer(asked, new Event.CutFailed(TROUBLE), w -> {}));
    if (!world.cutSettled) {
      moves.add(answer(asked, new Event.CutFailed(TROUBLE), w -> w.cutApplied = true));
      moves.add(answer(asked, new Event.CutFailed(TROUBLE), Surroundings::cutPartly));
      moves.add(answer(asked, new Event.CutFailed(TROUBLE), w -> w.cutMayApply = true));
    }
  }

  private static void cutPartly(World world) {
    world.cutApplied = true;
    world.cutPartly = true;
  }

  /** A late reply does not make the cut happen twice: what was settled stays. */
  private static void cutDone(World world) {
    if (!world.cutSettled) {
      world.cutApplied = true;
      world.heldOverCut = world.guestFrozen;
    }
  }

  /** Where the guard has certainly resumed the machine after the pause, nothing is written. */
  private static void resumeAnswered(World world, Defect defect, List<Move> moves) {
    Asked asked = Asked.RESUME;
    boolean looks = defect != Defect.PAUSER_BELIEVES_A_GUARD_THAT_WAS_TOO_EARLY;
    if (world.guardDone && (world.pausedInTime || !looks)) {
      moves.add(answer(asked, new Event.Resumed(), w -> w.pauseOwed = false));
      return;
    }
    moves.add(answer(asked, new Event.Resumed(), Surroundings::resumed));
    moves.add(answer(asked, new Event.ResumeFailed(TROUBLE), w -> {}));
  }

  private static void resumed(World world) {
    world.machinePaused = false;
    world.pauseOwed = false;
  }

  /** A proof is truthful: the agent was in step, so no freeze of ours can run any more. */
  private static void thawAnswered(World world, Defect defect, List<Move> moves) {
    boolean looks = defect != Defect.FREEZER_BELIEVES_A_GUARD_THAT_WAS_TOO_EARLY;
    if (world.guardDone && (world.frozenInTime || !looks)) {
      // The guard has certainly thawed after the freeze: nothing is written.
      moves.add(answer(Asked.THAW, new Event.Thawed(false), w -> w.freezeOwed = false));
      return;
    }
    moves.add(answer(Asked.THAW, new Event.ThawFailed(TROUBLE), w -> {}));
    if (world.machinePaused) {
      return;
    }
    moves.add(answer(Asked.THAW, new Event.Thawed(false), Surroundings::thawed));
    if (world.guestFrozen && !world.stoodStill) {
      moves.add(answer(Asked.THAW, new Event.Thawed(true), Surroundings::thawed));
    }
  }

  private static void thawed(World world) {
    world.guestFrozen = false;
    world.freezeMayRun = false;
    world.freezeOwed = false;
  }

  /** Settling first lets an unanswered cut come to its end, so that its answer is the truth. */
  private static void settled(World world, Defect defect, List<Move> moves) {
    boolean open = world.cutMayApply || world.asked.contains(Asked.CUT);
    moves.add(answer(Asked.SETTLE, new Event.Settled(Settlement.State.UNKNOWN), w -> {}));
    if (open || (world.cutApplied && !world.cutPartly)) {
      moves.add(settledAs(Settlement.State.APPLIED, true, false));
    }
    if (open || world.cutPartly) {
      boolean whole = defect == Defect.GROUP_TAKES_A_PART_FOR_THE_WHOLE;
      moves.add(
          settledAs(
              whole ? Settlement.State.APPLIED : Settlement.State.PARTLY_APPLIED, true, true));
    }
    if (open || !world.cutApplied) {
      moves.add(settledAs(Settlement.State.NOT_APPLIED, false, false));
    }
  }

  private static Move settledAs(Settlement.State found, boolean applied, boolean partly) {
    return answer(
        Asked.SETTLE,
        new Event.Settled(found),
        world -> {
          world.cutMayApply = false;
          world.cutSettled = true;
          world.cutApplied = applied;
          world.cutPartly = partly;
        });
  }

  private static Move answer(Asked asked, Event event, Consumer<World> change) {
    return heard(
        event,
        world -> {
          world.asked.remove(asked);
          change.accept(world);
        });
  }

  private static Move heard(Event event, Consumer<World> change) {
    return new Move(Optional.of(event), change);
  }

  private static Move unheard(Consumer<World> change) {
    return new Move(Optional.empty(), change);
  }
}
