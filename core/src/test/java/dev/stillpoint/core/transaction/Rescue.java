package dev.stillpoint.core.transaction;

import static dev.stillpoint.core.transaction.Promises.require;

import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.transaction.Aftermath.Cut;
import dev.stillpoint.core.transaction.Aftermath.Entry;
import dev.stillpoint.core.transaction.Aftermath.Files;
import dev.stillpoint.core.transaction.Aftermath.Recovery;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Everything that can happen after the owner is gone: what was on its way arrives, the guard thaws
 * or is killed too, the machine ends, and {@code recover} runs by the rules of the backends, step
 * by step, and may be killed at each.
 */
final class Rescue {
  private final Defect defect;

  Rescue(Defect defect) {
    this.defect = defect;
  }

  /** Something that can happen, and what is then. */
  record Move(String what, Aftermath next) {}

  List<Move> moves(Aftermath now) {
    var moves = new ArrayList<Move>();
    if (now.freezeMayRun && !now.paused) {
      moves.add(move("the queued freeze runs", now, this::freezeRuns));
    }
    if (now.cut == Cut.MAY_COME) {
      moves.add(move("the cut comes", now, next -> next.cut(Cut.DONE)));
      moves.add(move("the cut comes in part", now, next -> next.cut(Cut.PARTLY)));
      moves.add(move("the cut never comes", now, next -> next.cut = Cut.NONE));
    }
    if (now.guarded) {
      moves.add(move("the guard is killed", now, next -> next.guarded = false));
      if (now.paused && resumes()) {
        moves.add(move("the guard resumes", now, next -> next.paused = false));
      }
      if (!now.paused) {
        moves.add(move("the guard thaws", now, Rescue::guardThaws));
      }
    }
    if (!now.machineGone) {
      moves.add(move("the machine ends", now, Rescue::machineEnds));
    }
    if (now.recovery != Recovery.NONE) {
      moves.add(move("recover is killed", now, next -> next.recovery = Recovery.NONE));
      moves.add(move("recover " + now.recovery, now, this::step));
      if (now.recovery == Recovery.NOTING && owes(now)) {
        moves.add(move("recover is killed while it writes", now, Rescue::torn));
      }
    } else if (canBegin(now)) {
      moves.add(move("recover begins", now, this::begin));
    }
    return moves;
  }

  private static Move move(String what, Aftermath now, Consumer<Aftermath> change) {
    Aftermath next = now.copy();
    change.accept(next);
    return new Move(what, next);
  }

  private void freezeRuns(Aftermath next) {
    next.freezeMayRun = false;
    next.frozen = true;
  }

  private boolean resumes() {
    return defect != Defect.GUARD_DOES_NOT_RESUME;
  }

  /** Its owner is gone, so that no freeze comes after it. */
  private static void guardThaws(Aftermath next) {
    next.thaw();
    next.guarded = false;
    next.noted = true;
  }

  /** A guard that nothing hinders, to its end. */
  Aftermath guarded(Aftermath from) {
    Aftermath now = from.copy();
    now.paused &= !resumes();
    if (!now.paused) {
      guardThaws(now);
    }
    return now;
  }

  private static void machineEnds(Aftermath next) {
    next.thaw();
    next.paused = false;
    next.nodes = false;
    next.machineGone = true;
    if (next.cut == Cut.BEING_UNDONE) {
      next.cut = Cut.DONE;
    }
  }

  private static void torn(Aftermath next) {
    next.damaged = true;
    next.recovery = Recovery.NONE;
  }

  /** A recovery that nothing hinders, to its end. */
  Aftermath unhindered(Aftermath from) {
    Aftermath now = from.copy();
    now.recovery = Recovery.NONE;
    if (canBegin(now)) {
      begin(now);
      while (now.recovery != Recovery.NONE) {
        step(now);
      }
    }
    return now;
  }

  /** Once the monitor's connection is made, no command of the dead process is to come. */
  boolean canBegin(Aftermath now) {
    return now.entry.isPresent()
        && (now.cut != Cut.MAY_COME
            || (defect == Defect.RECOVERY_LOOKS_TOO_EARLY && !now.machineGone));
  }

  private void begin(Aftermath now) {
    now.recovery = now.owesAnything() ? Recovery.RESUMING : Recovery.JUDGING;
    if (now.machineGone) {
      now.recovery = Recovery.JUDGING;
    }
  }

  private static boolean owes(Aftermath now) {
    return now.entry.filter(entry -> !entry.owed().equals(Owed.NOTHING)).isPresent();
  }

  private void step(Aftermath now) {
    Entry entry = now.entry.orElseThrow();
    switch (now.recovery) {
      case NONE -> throw new IllegalStateException("no recovery is under way");
      case RESUMING -> {
        if (now.owesResume() && defect != Defect.RECOVERY_DOES_NOT_RESUME) {
          now.paused = false;
        }
        now.recovery =
            defect == Defect.RECOVERY_NOTES_BEFORE_THE_THAW ? Recovery.NOTING : Recovery.THAWING;
      }
      case THAWING -> thaw(now);
      case NOTING -> {
        boolean early = defect == Defect.RECOVERY_NOTES_BEFORE_THE_THAW;
        now.entry = owes(now) ? Optional.of(entry.letGo()) : now.entry;
        now.recovery = early ? Recovery.THAWING : Recovery.JUDGING;
      }
      case JUDGING -> judge(now, entry);
      case UNDOING -> {
        // A machine that has ended meanwhile leaves both images to a person.
        if (now.machineGone) {
          now.recovery = Recovery.NONE;
        } else {
          now.uncut();
          now.entry = Optional.of(entry.notCut());
          now.recovery = Recovery.REMOVING_NODES;
        }
      }
      case REMOVING_NODES -> {
        requireUnused(now);
        now.nodes = false;
        now.recovery = Recovery.REMOVING_FILES;
      }
      case REMOVING_FILES -> {
        requireUnused(now);
        boolean ours = entry.numbered() || now.files == Files.EMPTY;
        now.files = ours ? Files.NONE : now.files;
        now.recovery = Recovery.SETTLING;
      }
      case SETTLING -> {
        // Closing the file and telling are taken for one step: see Promises.
        now.told |= now.cut == Cut.DONE && defect != Defect.RECOVERY_DOES_NOT_TELL;
        now.entry = Optional.empty();
        now.damaged = false;
        now.recovery = Recovery.NONE;
      }
    }
  }

  /** No agent answers in a machine that stands still: then it is left as it is. */
  private void thaw(Aftermath now) {
    if (now.paused && now.owesThaw()) {
      now.recovery = Recovery.NONE;
      return;
    }
    if (now.owesThaw() && (defect != Defect.RECOVERY_BELIEVES_THE_STATUS || now.frozen)) {
      now.thaw();
    }
    now.recovery =
        defect == Defect.RECOVERY_NOTES_BEFORE_THE_THAW ? Recovery.JUDGING : Recovery.NOTING;
  }

  private void judge(Aftermath now, Entry entry) {
    boolean neverCut = isNeverCut(now, entry);
    if (!entry.listed()) {
      now.recovery = Recovery.SETTLING;
    } else if (defect == Defect.RECOVERY_REMOVES_OVERLAYS_IN_USE) {
      now.recovery = Recovery.REMOVING_NODES;
    } else if (now.machineGone) {
      now.recovery = neverCut ? Recovery.REMOVING_FILES : Recovery.NONE;
    } else if (now.cut == Cut.BEING_UNDONE || (isCut(now) && entry.phase() == Phase.UNDOING)) {
      boolean forgets = defect == Defect.RECOVERY_FORGETS_AN_UNDO;
      now.recovery = forgets ? Recovery.SETTLING : Recovery.UNDOING;
    } else if (now.cut == Cut.DONE) {
      now.recovery = Recovery.SETTLING;
    } else if (now.cut == Cut.PARTLY || (!neverCut && !isShown(now))) {
      now.recovery = Recovery.NONE;
    } else {
      if (!neverCut && defect != Defect.RECOVERY_REMOVES_THE_EVIDENCE) {
        now.entry = Optional.of(entry.notCut());
      }
      now.recovery = Recovery.REMOVING_NODES;
    }
  }

  private static boolean isCut(Aftermath now) {
    return now.cut == Cut.DONE || now.cut == Cut.PARTLY;
  }

  /** A graph without a node of ours may be of a later life, but where there never were any. */
  private boolean isShown(Aftermath now) {
    return now.nodes || (now.sync && defect != Defect.RECOVERY_WANTS_THE_NODES_OF_A_SYNC_WAY);
  }

  private static boolean isNeverCut(Aftermath now, Entry entry) {
    boolean early = !now.damaged && entry.phase().compareTo(Phase.HOLDING) < 0;
    return early || entry.failed();
  }

  private static void requireUnused(Aftermath now) {
    require(now.cut == Cut.NONE, "no image that the machine may write to is removed");
  }
}
