package dev.stillpoint.core.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.Settlement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The rules of a snapshot, one by one: given an operation, when things happen, then this is done.
 */
class TransactionMachineTest {
  private static final Failure TROUBLE = Failure.of(ErrorCode.INTERNAL, "trouble");
  private static final Event RESERVING_RECORDED = new Event.Recorded(Journal.Phase.RESERVING);
  private static final Event PREPARING_RECORDED = new Event.Recorded(Journal.Phase.PREPARING);
  private static final Event[] RESERVED = {
    RESERVING_RECORDED, new Event.Reserved(), PREPARING_RECORDED
  };
  private static final Event HOLDING_RECORDED = new Event.Recorded(Journal.Phase.HOLDING);
  private static final Event WINDOW_ENDS = new Event.TimerFired(Timer.WINDOW);
  private static final Event TIMEOUT = new Event.TimerFired(Timer.OVERALL);
  private static final Event BOUND_ENDS = new Event.TimerFired(Timer.BOUND);
  private static final Event APPLIED = new Event.Settled(Settlement.State.APPLIED);
  private static final Event NOT_APPLIED = new Event.Settled(Settlement.State.NOT_APPLIED);

  @Test
  void filesAreReservedAndWrittenDownBeforeTheyAreFilled() {
    var operation = given(Quiesce.REQUIRE).when(new Event.Checked(new Plan(true, false)));

    operation.thenDid(new Effect.WriteJournal(Journal.Phase.RESERVING, Owed.NOTHING));
    operation.when(RESERVING_RECORDED).thenDid(new Effect.Reserve());
    operation
        .when(new Event.Reserved())
        .thenDid(new Effect.WriteJournal(Journal.Phase.PREPARING, Owed.NOTHING));
    operation.when(PREPARING_RECORDED).thenDid(new Effect.Prepare());
  }

  @Test
  void aJournalThatCannotBeWrittenEndsItBeforeAnythingIsMade() {
    given(Quiesce.REQUIRE)
        .when(new Event.Checked(new Plan(true, false)))
        .when(new Event.RecordFailed(Journal.Phase.RESERVING, TROUBLE))
        .thenEnded(Outcome.FAILED, GuestState.NEVER_FROZEN);
  }

  @Test
  void filesThatTheJournalDoesNotKnowAreRemovedEmpty() {
    given(Quiesce.REQUIRE)
        .when(new Event.Checked(new Plan(true, false)), RESERVING_RECORDED, new Event.Reserved())
        .when(new Event.RecordFailed(Journal.Phase.PREPARING, TROUBLE))
        .thenDid(new Effect.Clean())
        .when(new Event.Cleaned())
        .thenEnded(Outcome.FAILED, GuestState.NEVER_FROZEN);
  }

  @Test
  void aQuiescedSnapshotFreezesCutsThawsAndThenFindsOut() {
    var operation =
        given(Quiesce.REQUIRE).when(new Event.Checked(new Plan(true, false))).when(RESERVED);

    operation.when(new Event.Prepared(), HOLDING_RECORDED);
    operation.thenDid(new Effect.StartTimer(Timer.WINDOW), new Effect.Freeze());
    operation.when(new Event.Frozen()).thenDid(new Effect.Cut());
    operation.when(new Event.CutDone()).thenDid(new Effect.Thaw());
    operation
        .when(new Event.Thawed(true))
        .thenDid(
            new Effect.WriteJournal(Journal.Phase.RELEASED, Owed.NOTHING), new Effect.Settle());
    operation.when(APPLIED).thenDid(new Effect.Clean());
    operation.when(new Event.Cleaned()).thenEnded(Outcome.SUCCEEDED, GuestState.THAWED);
  }

  @Test
  void aFreezeThatMayHaveBeenWrittenIsThawedWhateverItsReplyWas() {
    frozenOperation(Quiesce.REQUIRE, new Event.FreezeFailed(TROUBLE, true))
        .thenDid(new Effect.Thaw());
    frozenOperation(Quiesce.REQUIRE, WINDOW_ENDS).thenDid(new Effect.Thaw());
    frozenOperation(Quiesce.REQUIRE, new Event.CancelRequested()).thenDid(new Effect.Thaw());
  }

  @Test
  void aFreezeThatWasNeverWrittenOwesNothing() {
    frozenOperation(Quiesce.REQUIRE, new Event.FreezeFailed(TROUBLE, false))
        .thenDid(new Effect.Clean())
        .when(new Event.Cleaned())
        .thenEnded(Outcome.FAILED, GuestState.NEVER_FROZEN);
  }

  @Test
  void withPreferAGuestThatDoesNotFreezeIsThawedAndThenCutAllTheSame() {
    frozenOperation(Quiesce.PREFER, new Event.FreezeFailed(TROUBLE, true))
        .when(new Event.Thawed(false))
        .thenDid(new Effect.Cut(), new Effect.WriteJournal(Journal.Phase.RELEASED, Owed.NOTHING))
        .when(new Event.CutDone(), APPLIED, new Event.Cleaned())
        .thenEnded(Outcome.SUCCEEDED, GuestState.THAWED);
  }

  @Test
  void aThawThatIsNotProvedIsTriedAgain() {
    frozenOperation(Quiesce.REQUIRE, new Event.Frozen(), new Event.CutDone())
        .when(new Event.ThawFailed(TROUBLE))
        .thenDid(new Effect.StartTimer(Timer.THAW_RETRY))
        .when(new Event.TimerFired(Timer.THAW_RETRY))
        .thenDid(new Effect.Thaw());
  }

  @Test
  void whenTheBoundEndsWithoutAThawTheGuestMayBeFrozenAndNothingIsUndone() {
    frozenOperation(Quiesce.REQUIRE, new Event.Frozen(), new Event.CutDone(), TIMEOUT)
        .thenDid(new Effect.ReportOverdue(), new Effect.StartTimer(Timer.BOUND))
        .when(BOUND_ENDS, APPLIED, new Event.Cleaned())
        .thenEnded(Outcome.UNKNOWN, GuestState.MAYBE_FROZEN);
  }

  @Test
  void withRequireACutWhoseFreezeIsNotProvedIsUndone() {
    frozenOperation(Quiesce.REQUIRE, new Event.Frozen(), new Event.CutDone())
        .when(new Event.Thawed(false), APPLIED)
        .thenDid(new Effect.WriteJournal(Journal.Phase.UNDOING, Owed.NOTHING), new Effect.Undo())
        .when(new Event.Undone(), new Event.Cleaned())
        .thenEnded(Outcome.FAILED, GuestState.THAWED);
  }

  @Test
  void aLateCutIsUndoneOnlyAfterTheThaw() {
    frozenOperation(Quiesce.REQUIRE, new Event.Frozen(), WINDOW_ENDS)
        .thenDid(new Effect.Thaw())
        .when(new Event.Thawed(true), APPLIED)
        .thenDid(new Effect.WriteJournal(Journal.Phase.UNDOING, Owed.NOTHING), new Effect.Undo());
  }

  @Test
  void aCutThatWasAnsweredWithAnErrorIsFoundOutToo() {
    frozenOperation(Quiesce.REQUIRE, new Event.Frozen(), new Event.CutFailed(TROUBLE))
        .when(new Event.Thawed(true), NOT_APPLIED, new Event.Cleaned())
        .thenEnded(Outcome.FAILED, GuestState.THAWED);
  }

  @Test
  void anUndoThatFailsLeavesTheOutcomeUnknown() {
    frozenOperation(Quiesce.REQUIRE, new Event.Frozen(), new Event.CutDone())
        .when(new Event.Thawed(false), APPLIED, new Event.UndoFailed(TROUBLE), new Event.Cleaned())
        .thenEnded(Outcome.UNKNOWN, GuestState.THAWED);
  }

  @Test
  void aPausedMachineIsResumedBeforeTheThaw() {
    var operation =
        given(Quiesce.REQUIRE)
            .when(new Event.Checked(new Plan(true, true)))
            .when(RESERVED)
            .when(new Event.Prepared(), HOLDING_RECORDED);

    operation.when(new Event.Frozen()).thenDid(new Effect.Pause());
    operation.when(new Event.Paused()).thenDid(new Effect.Cut());
    operation.when(new Event.CutDone()).thenDid(new Effect.Resume());
    operation.when(new Event.Resumed()).thenDid(new Effect.Thaw());
  }

  @Test
  void aResumeThatHangsDoesNotKeepTheGuestFrozen() {
    given(Quiesce.REQUIRE)
        .when(new Event.Checked(new Plan(true, true)))
        .when(RESERVED)
        .when(new Event.Prepared(), HOLDING_RECORDED, new Event.Frozen(), new Event.Paused())
        .when(new Event.CutDone(), WINDOW_ENDS)
        .thenDid(new Effect.Thaw());
  }

  @Test
  void aRehearsalNeverFreezes() {
    new Given(new Terms(Quiesce.REQUIRE, LateCut.UNDO, true))
        .when(new Event.Checked(new Plan(true, false)))
        .when(RESERVED)
        .when(new Event.Prepared())
        .thenDid(new Effect.Clean())
        .when(new Event.Cleaned())
        .thenEnded(Outcome.SUCCEEDED, GuestState.NEVER_FROZEN);
  }

  private static Given frozenOperation(Quiesce quiesce, Event... events) {
    return given(quiesce)
        .when(new Event.Checked(new Plan(true, false)))
        .when(RESERVED)
        .when(new Event.Prepared(), HOLDING_RECORDED)
        .when(events);
  }

  private static Given given(Quiesce quiesce) {
    return new Given(new Terms(quiesce, LateCut.UNDO, false));
  }

  /** An operation on its way, and what the last event made it do. */
  private static final class Given {
    private Step last;
    private final List<String> history = new ArrayList<>();

    Given(Terms terms) {
      last = TransactionMachine.start(terms);
    }

    Given when(Event... events) {
      for (Event event : events) {
        last = TransactionMachine.next(last.state(), event);
        history.add(event + " -> " + last.state().label());
      }
      return this;
    }

    Given thenDid(Effect... effects) {
      assertEquals(List.of(effects), last.effects(), history::toString);
      return this;
    }

    void thenEnded(Outcome outcome, GuestState guest) {
      assertTrue(last.state() instanceof State.Done, history::toString);
      var done = (State.Done) last.state();
      assertEquals(outcome, done.outcome(), history::toString);
      assertEquals(guest, done.guest(), history::toString);
    }
  }
}
