package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** An agent that falls silent once the freeze was written, by a signal to the real one. */
class SilentAgentTest {
  private static final SnapshotRequest IMPATIENT =
      SnapshotRequest.named("silent")
          .freezeWindow(Duration.ofSeconds(1))
          .timeout(Duration.ofSeconds(2));

  private final CompletableFuture<Void> thawing = new CompletableFuture<>();

  @Test
  void anAgentThatAnswersWithinTheBoundIsThawed() {
    try (Machine machine = Machine.threeDisks()) {
      SnapshotOperation operation =
          stoppedAtTheFreeze(machine, IMPATIENT.thawBound(Duration.ofSeconds(30)));

      assertTrue(operation.overdue().toCompletableFuture().join().message().contains("thawing"));
      assertFalse(operation.result().toCompletableFuture().isDone());
      machine.guest.signalAgent("CONT");
      SnapshotResult result = operation.result().toCompletableFuture().join();

      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      assertEquals(GuestState.THAWED, result.guest(), result::toString);
      machine.assertNothingLeft();
      machine.assertWritesOn();
    }
  }

  @Test
  void anAgentThatStaysSilentMeansThatTheGuestMayBeFrozen() {
    try (Machine machine = Machine.threeDisks()) {
      SnapshotOperation operation =
          stoppedAtTheFreeze(machine, IMPATIENT.thawBound(Duration.ofSeconds(2)));

      SnapshotResult result = operation.result().toCompletableFuture().join();

      assertEquals(GuestState.MAYBE_FROZEN, result.guest(), result::toString);
      assertTrue(result.outcome() != Outcome.SUCCEEDED, result::toString);
      machine.assertNothingLeft();
      machine.guest.signalAgent("CONT");
      // The queued freeze runs now; the guard, to which the thaw has passed, takes it back.
      machine.guest.awaitNextAck(Duration.ofSeconds(20));
      machine.guest.awaitNextAck(Duration.ofSeconds(20));
    }
  }

  @Test
  void withPreferTheDisksAreCutAllTheSameOnceTheGuestIsThawed() {
    try (Machine machine = Machine.threeDisks()) {
      SnapshotOperation operation =
          stoppedAtTheFreeze(
              machine,
              SnapshotRequest.named("silent")
                  .quiesce(Quiesce.PREFER)
                  .freezeWindow(Duration.ofSeconds(1)));
      thawing.join();
      machine.guest.signalAgent("CONT");

      SnapshotResult result = operation.result().toCompletableFuture().join();

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(GuestState.THAWED, result.guest());
      assertEquals(Consistency.CRASH, result.consistency(), result::toString);
      assertFalse(result.reasons().isEmpty(), result::toString);
      machine.assertWritesOn();
    }
  }

  /** Stops the agent while the overlays are prepared: checked as alive, silent at the freeze. */
  private SnapshotOperation stoppedAtTheFreeze(Machine machine, SnapshotRequest request) {
    var stopped = new CompletableFuture<Void>();
    SnapshotOperation operation =
        machine
            .engine(builder ->
                builder.listener(state -> {
                  if (state.equals("thawing")) {
                    thawing.complete(null);
                  }
                  if (state.equals("announcing") && !stopped.isDone()) {
                    machine.guest.signalAgent("STOP");
                    stopped.complete(null);
                  }
                }))
            .start(request);
    stopped.join();
    return operation;
  }
}
