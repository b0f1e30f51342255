package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.transaction.World.Asked;
import java.util.Set;

/** The promises as invariants, checked at every effect and in every world. */
final class Promises {
  private static final Set<Class<? extends Effect>> ALLOWED_IN_HOLD =
      Set.of(
          Effect.Cut.class,
          Effect.Pause.class,
          Effect.Resume.class,
          Effect.StartTimer.class,
          Effect.ReportOverdue.class);

  /** As in {@code SnapshotRequest.longest()}: letting go, finding out, undoing, cleaning. */
  private static final int MAX_STRETCHES = 4;

  private Promises() {}

  /** A promise that was broken, and in which world. */
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Broken(String promise) {
      super(promise);
    }
  }

  static void require(boolean holds, String promise) {
    if (!holds) {
      throw new Broken(promise);
    }
  }

  /** Applies an effect to the world, unless a promise forbids it there. */
  static void apply(World world, Effect effect) {
    require(world.finished == 0, "nothing is done after the end");
    switch (effect) {
      case Effect.Check e -> ask(world, Asked.CHECK);
      case Effect.WriteJournal e -> write(world, e);
      case Effect.Reserve e -> {
        require(world.recorded.contains(Journal.Phase.RESERVING), "journal before reserving");
        world.overlaysExist = true;
        ask(world, Asked.RESERVE);
      }
      case Effect.Prepare e -> {
        require(
            world.recorded.contains(Journal.Phase.PREPARING),
            "no file is filled before the journal knows its inode");
        world.prepareWasAsked = true;
        ask(world, Asked.PREPARE);
      }
      case Effect.Freeze e -> {
        beforeHold(world);
        require(hasItsClock(world), "a freeze has a window");
        world.freezeOwed = true;
        world.everHeld = true;
        ask(world, Asked.FREEZE);
      }
      case Effect.Pause e -> {
        beforeHold(world);
        require(world.running.contains(Timer.WINDOW), "a pause has a window");
        world.pauseOwed = true;
        // An owner who knows that its guard is done writes none.
        world.pauseSpent = world.guardDone;
        world.everHeld = true;
        world.releaseWritten = false;
        ask(world, Asked.PAUSE);
      }
      case Effect.Cut e -> {
        beforeHold(world);
        require(!world.cutWasAsked, "at most one cut");
        require(!world.terms.dryRun(), "a rehearsal cuts nothing");
        world.cutWasAsked = true;
        ask(world, Asked.CUT);
      }
      case Effect.Resume e -> {
        require(world.pauseOwed, "a resume only of our own pause");
        world.resumeAsked = true;
        ask(world, Asked.RESUME);
      }
      case Effect.Thaw e -> {
        require(!world.pauseOwed || world.resumeAsked, "the resume comes before the thaw");
        ask(world, Asked.THAW);
      }
      case Effect.Settle e -> ask(world, Asked.SETTLE);
      case Effect.Undo e -> {
        require(!world.freezeOwed && !world.pauseOwed, "undo only after the thaw is proved");
        require(world.asked.contains(Asked.WRITE_UNDOING), "journal before the undo");
        ask(world, Asked.UNDO);
      }
      case Effect.Clean e -> {
        world.cleanWasAsked = true;
        ask(world, Asked.CLEAN);
      }
      case Effect.StartTimer e -> world.running.add(e.timer());
      case Effect.ReportOverdue e -> {
        require(world.overallFired && !world.overdueTold, "overdue is told once, when it is");
        world.overdueTold = true;
      }
      case Effect.Finish e -> {
        world.finished++;
        world.told =
            world.state instanceof State.Done done
                && (done.outcome() == Outcome.SUCCEEDED || done.outcome() == Outcome.UNKNOWN);
        world.running.clear();
      }
    }
  }

  private static void ask(World world, Asked asked) {
    require(world.asked.add(asked), "one " + asked + " at a time");
  }

  private static void beforeHold(World world) {
    require(world.recorded.contains(Journal.Phase.HOLDING), "journal before the hold");
  }

  private static void write(World world, Effect.WriteJournal effect) {
    Journal.Phase phase = effect.phase();
    boolean released = phase == Journal.Phase.RELEASED;
    require(!released || !(world.freezeOwed || world.pauseOwed), "released means released");
    require(
        phase != Journal.Phase.PREPARING || world.filesKnown,
        "the journal is told of files when it is known which they are");
    world.releaseWritten |= released;
    world.written.add(phase);
    if (phase == Journal.Phase.HOLDING) {
      world.holdOwed = effect.owed();
    }
    if (world.state instanceof State.Done done && phase == Journal.Phase.ENDED) {
      boolean handedOver = done.outcome() == Outcome.SUCCEEDED && !world.terms.dryRun();
      world.endWritten = true;
      world.endOwed = effect.owed();
      world.endListed = world.overlaysExist && !handedOver;
      world.endFailed = done.outcome() == Outcome.FAILED || done.outcome() == Outcome.CANCELLED;
    }
    ask(
        world,
        switch (phase) {
          case RESERVING -> Asked.WRITE_RESERVING;
          case PREPARING -> Asked.WRITE_PREPARING;
          case HOLDING -> Asked.WRITE_HOLDING;
          case RELEASED -> Asked.WRITE_RELEASED;
          case UNDOING -> Asked.WRITE_UNDOING;
          case ENDED -> Asked.WRITE_ENDED;
        });
  }

  /**
   * Between the freeze's reply and the thaw there is room for the cut and the pause alone; a word
   * to the caller goes through another thread.
   */
  static void holdIsShort(World before, Step step) {
    if (!before.freezeOwed || !before.state.holdsGuest()) {
      return;
    }
    for (Effect effect : step.effects()) {
      if (effect instanceof Effect.Thaw) {
        return;
      }
      require(
          ALLOWED_IN_HOLD.contains(effect.getClass()),
          "nothing in the hold but the cut: " + effect);
    }
  }

  /** What must be true in every world, after every event. */
  static void check(World world) {
    releaseIsWrittenDown(world);
    if (world.state instanceof State.Done done) {
      ended(world, done);
    } else {
      require(world.asked.containsAll(question(world.state)), "a state waits for an answer");
      require(!world.overallFired || world.overdueTold, "the caller hears of its timeout");
      require(hasItsClock(world), "a guest that is held has a window");
      pursued(world);
      endsByClocksAlone(world);
    }
  }

  /** What each state waits for; thawing and resuming may wait for a clock instead. */
  private static Set<Asked> question(State state) {
    return switch (state) {
      case State.Checking s -> Set.of(Asked.CHECK);
      case State.Announcing s ->
          Set.of(
              switch (s.intent()) {
                case RESERVE -> Asked.WRITE_RESERVING;
                case PREPARE -> Asked.WRITE_PREPARING;
                case HOLD -> Asked.WRITE_HOLDING;
              });
      case State.Reserving s -> Set.of(Asked.RESERVE);
      case State.Preparing s -> Set.of(Asked.PREPARE);
      case State.Freezing s -> Set.of(Asked.FREEZE);
      case State.Pausing s -> Set.of(Asked.PAUSE);
      case State.Cutting s -> Set.of(Asked.CUT);
      case State.Settling s -> Set.of(Asked.SETTLE);
      case State.Undoing s -> Set.of(Asked.UNDO);
      case State.Cleaning s -> Set.of(Asked.CLEAN);
      case State.Resuming s -> Set.of();
      case State.Thawing s -> Set.of();
      case State.Done s -> Set.of();
    };
  }

  /** A guest that was held and is called safe afterwards: whoever recovers has to know. */
  private static void releaseIsWrittenDown(World world) {
    boolean calledSafe =
        switch (world.state) {
          case State.Settling s -> s.ledger().guestIsSafe();
          case State.Undoing s -> s.ledger().guestIsSafe();
          case State.Cleaning s -> s.ledger().guestIsSafe();
          default -> false;
        };
    require(
        !calledSafe || !world.everHeld || world.releaseWritten,
        "the journal knows that the guest was let go");
  }

  /** Clocks that must start anew where a stretch begins, although they may still run. */
  static void clocksStartAnew(World before, Step step) {
    boolean begins =
        !step.state().label().equals(before.state.label())
            && question(step.state()).stream()
                .anyMatch(Set.of(Asked.SETTLE, Asked.UNDO, Asked.CLEAN)::contains);
    require(
        !begins
            || !before.overallFired
            || step.effects().contains(new Effect.StartTimer(Timer.BOUND)),
        "each stretch after the timeout has a bound of its own");
    require(
        before.freezeOwed
            || !step.effects().contains(new Effect.Pause())
            || step.effects().contains(new Effect.StartTimer(Timer.WINDOW)),
        "a pause without a freeze has a window of its own");
  }

  /** From freeze written on; a guest with a pace of its own gets the window once it is frozen. */
  private static boolean hasItsClock(World world) {
    return switch (world.state) {
      case State.Freezing s ->
          world.running.contains(s.plan().ownPace() ? Timer.FREEZE : Timer.WINDOW);
      case State.Pausing s -> world.running.contains(Timer.WINDOW);
      case State.Cutting s -> !(s.frozen() || s.paused()) || world.running.contains(Timer.WINDOW);
      default -> true;
    };
  }

  private static void pursued(World world) {
    if (world.state instanceof State.Thawing) {
      require(
          world.asked.contains(Asked.THAW) || world.running.contains(Timer.THAW_RETRY),
          "a thaw that is owed is pursued");
    }
    boolean owesResume =
        world.state instanceof State.Resuming
            || (world.state instanceof State.Thawing thawing && thawing.owesResume());
    if (owesResume) {
      require(
          world.asked.contains(Asked.RESUME) || world.running.contains(Timer.RESUME_RETRY),
          "a resume that is owed is pursued");
    }
    if (world.freezeOwed && !world.boundFired) {
      require(
          world.state.holdsGuest()
              || world.state instanceof State.Resuming
              || world.state instanceof State.Thawing,
          "every way out of a freeze leads through thawing");
    }
    if (world.pauseOwed && !world.boundFired) {
      require(
          world.state.holdsGuest()
              || world.state instanceof State.Resuming
              || (world.state instanceof State.Thawing thawing && thawing.owesResume()),
          "every way out of a pause leads through resuming");
    }
  }

  private static void ended(World world, State.Done done) {
    require(world.finished == 1, "the result is handed over");
    require(world.endWritten, "the journal knows the end");
    boolean safe = done.guest() == GuestState.THAWED || done.guest() == GuestState.NEVER_FROZEN;
    require(!world.freezeOwed || done.guest() == GuestState.MAYBE_FROZEN, "never left frozen");
    require(!world.pauseOwed || !safe, "never left paused");
    require(safe || world.boundFired, "given up only when the bound ended");
    if (safe) {
      require(!world.guestFrozen && !world.freezeMayRun, "safe means thawed");
      require(!world.machinePaused, "safe means running");
    }
    require(
        !(world.guestFrozen || world.freezeMayRun) || world.isGuarded() || world.endOwed.thaw(),
        "no end with a guest that may be frozen without a guard or an entry in the journal");
    require(
        !world.machinePaused || world.isGuarded() || world.endOwed.resume(),
        "no end with a machine that may be paused without a guard or an entry in the journal");
    require(safe || done.outcome() != Outcome.SUCCEEDED, "never a success with a frozen guest");
    switch (done.outcome()) {
      case SUCCEEDED -> succeeded(world);
      case FAILED, CANCELLED ->
          require(!world.cutApplied && !world.cutMayApply, "failed means that no disk is cut");
      case UNKNOWN -> require(world.cutWasAsked, "unknown only after a cut was asked for");
    }
    require(
        !world.overlaysExist || world.cleanWasAsked || done.outcome() == Outcome.UNKNOWN,
        "nothing is littered");
    require(done.outcome() == Outcome.SUCCEEDED || done.failure().isPresent(), "failures say why");
  }

  private static void succeeded(World world) {
    require(!world.cutPartly, "all disks or none");
    require(world.cutApplied != world.terms.dryRun(), "success means cut, but for a rehearsal");
    require(
        world.terms.dryRun()
            || world.terms.quiesce() != Quiesce.REQUIRE
            || world.heldOverCut
            || world.terms.lateCut() == LateCut.ADOPT,
        "required quiescing held over the cut");
  }

  /** If nobody ever answers again, the clocks alone lead to the end. */
  private static void endsByClocksAlone(World world) {
    State state = world.state;
    boolean overall = world.running.contains(Timer.OVERALL);
    boolean bound = world.running.contains(Timer.BOUND);
    int ends = MAX_STRETCHES + (overall ? 1 : 0);
    for (int i = 0; i < ends && !(state instanceof State.Done); i++) {
      require(
          overall || bound, "the clocks alone end it, if nobody ever answers: " + state.label());
      Timer timer = overall ? Timer.OVERALL : Timer.BOUND;
      Step step = TransactionMachine.next(state, new Event.TimerFired(timer));
      overall = false;
      bound &= timer != Timer.BOUND;
      bound |= step.effects().contains(new Effect.StartTimer(Timer.BOUND));
      state = step.state();
    }
    require(state instanceof State.Done, "the clocks alone do not end it");
  }
}
