package dev.stillpoint.core.transaction;

import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.transaction.Aftermath.Cut;
import dev.stillpoint.core.transaction.Aftermath.Entry;
import dev.stillpoint.core.transaction.Aftermath.Files;
import dev.stillpoint.core.transaction.World.Asked;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Everything that may be left when the owner is killed in a world: each thing that it has asked for
 * may not have left it, may be done, or may be done later; each line that it was writing may be
 * missing, torn or whole.
 */
final class Crash {
  private final World world;
  private final Defect defect;
  private List<Aftermath> all = new ArrayList<>();

  /** In either way of cutting, which the machine does not know of. */
  private Crash(World world, Defect defect) {
    this.world = world;
    this.defect = defect;
  }

  static List<Aftermath> in(World world, Defect defect) {
    var crash = new Crash(world, defect);
    crash.all.add(crash.asItStands(false));
    crash.all.add(crash.asItStands(true));
    crash.requests();
    crash.journal();
    return crash.all;
  }

  private Aftermath asItStands(boolean sync) {
    var left = new Aftermath();
    left.sync = sync;
    left.frozen = world.guestFrozen;
    left.freezeMayRun = world.freezeMayRun;
    left.paused = world.machinePaused;
    left.cut = world.cutMayApply ? Cut.MAY_COME : Cut.NONE;
    boolean filled = world.prepareWasAsked;
    left.files = !world.overlaysExist ? Files.NONE : filled ? Files.FILLED : Files.EMPTY;
    left.nodes = world.overlaysExist && filled && !sync;
    if (world.cutApplied) {
      left.cut(world.cutPartly ? Cut.PARTLY : Cut.DONE);
    }
    left.guarded = isGuarded();
    left.noted = world.guardDone && defect == Defect.GUARD_PROVES_A_THAW_TO_ONE_WHO_STANDS_STILL;
    left.told = world.told;
    return left;
  }

  /** The guard is armed before the freeze is written, and disarmed when the thaw is proved. */
  private boolean isGuarded() {
    return switch (defect) {
      case GUARD_ARMED_AFTER_THE_FREEZE -> world.isGuarded() && !world.asked.contains(Asked.FREEZE);
      case GUARD_DISARMED_BEFORE_THE_PROOF ->
          world.isGuarded() && !world.asked.contains(Asked.THAW);
      default -> world.isGuarded();
    };
  }

  private void requests() {
    // One sync way has QEMU fill the files, in the cut.
    or(left -> {
      boolean empty = left.sync && !left.nodes && left.files == Files.FILLED;
      left.files = empty ? Files.EMPTY : left.files;
    });
    for (Asked asked : world.asked) {
      switch (asked) {
        case RESERVE -> or(left -> left.files = Files.NONE);
        case PREPARE -> {
          or(left -> left.nodes = false);
          or(left -> left.files = isFilledAlone(left) ? Files.EMPTY : left.files);
        }
        case FREEZE -> {
          if (world.canFreeze()) {
            or(left -> left.frozen = true, left -> left.freezeMayRun = true);
          }
        }
        case PAUSE -> {
          // A later resume that is confirmed has come after it.
          if (world.canPause()) {
            or(left -> left.paused = true);
          }
        }
        case RESUME -> or(left -> left.paused = false);
        case THAW ->
            or(left -> {
              if (!left.paused) {
                left.thaw();
              }
            });
        case CUT -> {
          if (!world.cutSettled) {
            or(
                left -> left.cut(Cut.DONE),
                left -> left.cut(Cut.PARTLY),
                left -> left.cut = Cut.MAY_COME);
          }
        }
        case UNDO -> or(left -> left.cut = Cut.BEING_UNDONE, Aftermath::uncut);
        case CLEAN -> {
          if (!world.cutApplied) {
            or(left -> left.nodes = false);
            or(left -> left.files = left.nodes ? left.files : Files.NONE);
          }
        }
        default -> {
          // Questions change nothing; the journal's lines are judged one by one.
        }
      }
    }
  }

  private static boolean isFilledAlone(Aftermath left) {
    return left.files == Files.FILLED && !left.nodes;
  }

  @SafeVarargs
  private void or(Consumer<Aftermath>... changes) {
    for (Aftermath left : List.copyOf(all)) {
      for (Consumer<Aftermath> change : changes) {
        Aftermath other = left.copy();
        change.accept(other);
        all.add(other);
      }
    }
  }

  private void journal() {
    List<Aftermath> without = all;
    all = new ArrayList<>();
    lines(
        List.of(Phase.values()),
        Optional.empty(),
        false,
        (entry, damaged) -> {
          for (Aftermath left : without) {
            Aftermath one = left.copy();
            one.entry = entry;
            one.damaged = damaged;
            all.add(one);
          }
        });
  }

  /** Line by line: one that is acknowledged is whole, another may be anything. */
  private void lines(
      List<Phase> rest,
      Optional<Entry> last,
      boolean damaged,
      BiConsumer<Optional<Entry>, Boolean> end) {
    if (rest.isEmpty()) {
      end.accept(last, damaged);
      return;
    }
    Phase phase = rest.get(0);
    List<Phase> next = rest.subList(1, rest.size());
    boolean acknowledged = world.recorded.contains(phase);
    if (acknowledged || world.asked.contains(asked(phase))) {
      Entry entry = entry(phase);
      boolean removed = entry.isSettled() || isClosed(phase);
      lines(next, removed ? Optional.empty() : Optional.of(entry), !removed && damaged, end);
    }
    if (!acknowledged) {
      lines(next, last, damaged, end);
      // The first line that cannot be written takes its file with it.
      boolean torn =
          world.written.contains(phase) && (last.isPresent() || phase == Phase.RESERVING);
      if (torn && !damaged) {
        lines(next, last, true, end);
      }
    }
  }

  private boolean isClosed(Phase phase) {
    boolean owes = !world.endOwed.equals(Owed.NOTHING);
    return phase == Phase.ENDED
        && ((defect == Defect.JOURNAL_CLOSED_WITH_A_DEBT && !world.endListed)
            || (defect == Defect.JOURNAL_CLOSED_WITH_REMAINS && !owes));
  }

  private Entry entry(Phase phase) {
    return switch (phase) {
      case RESERVING -> new Entry(phase, Owed.NOTHING, true, false, false);
      case PREPARING -> new Entry(phase, Owed.NOTHING, true, true, false);
      case HOLDING -> new Entry(phase, world.holdOwed, true, true, false);
      case RELEASED, UNDOING -> new Entry(phase, Owed.NOTHING, true, true, false);
      case ENDED ->
          new Entry(phase, world.endOwed, world.endListed, world.filesKnown, world.endFailed);
    };
  }

  private static Asked asked(Phase phase) {
    return switch (phase) {
      case RESERVING -> Asked.WRITE_RESERVING;
      case PREPARING -> Asked.WRITE_PREPARING;
      case HOLDING -> Asked.WRITE_HOLDING;
      case RELEASED -> Asked.WRITE_RELEASED;
      case UNDOING -> Asked.WRITE_UNDOING;
      case ENDED -> Asked.WRITE_ENDED;
    };
  }
}
