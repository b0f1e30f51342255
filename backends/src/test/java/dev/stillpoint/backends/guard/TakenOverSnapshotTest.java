package dev.stillpoint.backends.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.testing.IdleMethod;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qga.testing.FakeAgent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A whole snapshot, put together as the engine does it, whose process stands still in the cut; the
 * guard is a script. What the result claims.
 */
@Timeout(60)
class TakenOverSnapshotTest {
  private static final Duration STANDSTILL = Guard.DEADLINE.plusSeconds(10);

  private final ScriptedWords words = new ScriptedWords();
  private final FakeAgent agent = FakeAgent.start();
  private final QgaClient qga = QgaClient.connect(agent.endpoint()).join();
  private final Guards guards = Guards.kept();

  @AfterEach
  void close() {
    guards.close();
    qga.close();
    agent.close();
  }

  /** The process is stopped in the cut; "done" is what a guard says that has thawed the guest. */
  private SnapshotResult take(Quiesce quiesce, String guardSays, Duration standstill) {
    guards.giveBack(new Guard(words, words::nanos));
    words.after(Duration.ofMillis(1), "have").after(Duration.ZERO, "armed").answers(guardSays);
    var guard = new OperationGuard(guards, "0badcafe", "snapshot nightly", Optional.empty());
    var plain = new GuestQuiescer(qga, Optional.empty());
    SnapshotResult result =
        SnapshotCoordinator.builder()
            .method(
                new IdleMethod("idle") {
                  @Override
                  public CompletionStage<CutReport> cut(Deadline deadline) {
                    words.pass(standstill);
                    if (guardSays.equals("done")) {
                      qga.execute(new GuestFsfreezeThaw()).join();
                    }
                    return super.cut(deadline);
                  }
                })
            .quiescer(new GuardedQuiescer(plain, qga, guard))
            .build()
            .start("0badcafe", SnapshotRequest.named("nightly").quiesce(quiesce))
            .result()
            .toCompletableFuture()
            .orTimeout(30, TimeUnit.SECONDS)
            .join();
    guard.end();
    return result;
  }

  @ParameterizedTest
  @CsvSource({"REQUIRE, done", "REQUIRE, back", "PREFER, done", "PREFER, back"})
  void whoStoodStillClaimsNoFileSystemConsistency(Quiesce quiesce, String guardSays) {
    // when
    SnapshotResult result = take(quiesce, guardSays, STANDSTILL);
    // then
    boolean required = quiesce == Quiesce.REQUIRE;
    assertEquals(required ? Outcome.FAILED : Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(
        required ? Consistency.NONE : Consistency.CRASH, result.consistency(), result::toString);
    assertEquals(GuestState.THAWED, result.guest());
    assertFalse(agent.guestFrozen());
    assertTrue(
        required || result.reasons().toString().contains("stood still for too long"),
        result::toString);
  }

  @Test
  void whoDidNotStandStillDoes() {
    // when
    SnapshotResult result = take(Quiesce.REQUIRE, "armed", Duration.ZERO);
    // then
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
  }
}
