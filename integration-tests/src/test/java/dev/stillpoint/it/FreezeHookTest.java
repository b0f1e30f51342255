package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.testkit.guest.GuestConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hooks in the guest that fail or take their time, with the real agent. */
@Timeout(180)
class FreezeHookTest {
  private static final GuestConfig HOOKED = GuestConfig.threeDisks().withFreezeHook();

  private static void hook(Machine machine, String body) {
    machine.guest.shell(
        "printf '%s\\n' '#!/bin/sh' '" + body + "' > /run/hook; chmod +x /run/hook");
  }

  private static String hooksRun(Machine machine) {
    return machine.guest.shell("cat /run/hook.log").replace('\n', ' ').strip();
  }

  @Test
  void aGoodHookRunsOnceAtEachEnd() {
    try (Machine machine = Machine.start(HOOKED)) {
      SnapshotResult result = machine.take(SnapshotRequest.named("hooked"));

      assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
      assertEquals("freeze thaw", hooksRun(machine));
      machine.assertWritesOn();
    }
  }

  @Test
  void aFreezeHookThatFailsIsToldInItsWordsAndNothingStaysFrozen() {
    try (Machine machine = Machine.start(HOOKED)) {
      hook(machine, "[ \"$1\" != freeze ]");

      SnapshotResult result = machine.take(SnapshotRequest.named("hooked"));

      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      assertEquals(ErrorCode.FREEZE_FAILED, result.error().orElseThrow().code());
      assertTrue(result.error().orElseThrow().message().contains("hook"), result::toString);
      assertEquals(GuestState.THAWED, result.guest());
      machine.assertNothingLeft();
      machine.assertWritesOn();
    }
  }

  @Test
  void aThawHookThatFailsIsToldAndTheGuestIsThawedAllTheSame() {
    try (Machine machine = Machine.start(HOOKED)) {
      hook(machine, "[ \"$1\" != thaw ]");

      SnapshotResult result = machine.take(SnapshotRequest.named("hooked"));

      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      assertEquals(ErrorCode.FREEZE_NOT_PROVED, result.error().orElseThrow().code());
      assertTrue(result.warnings().toString().contains("hook"), result::toString);
      assertEquals(GuestState.THAWED, result.guest());
      machine.assertNothingLeft();
      machine.assertWritesOn();
    }
  }

  @Test
  void aSlowHookCountsAgainstTheWindowAndIsThawed() {
    try (Machine machine = Machine.start(HOOKED)) {
      hook(machine, "[ \"$1\" != freeze ] || sleep 3");

      SnapshotResult result =
          machine.take(SnapshotRequest.named("hooked").freezeWindow(Duration.ofSeconds(1)));

      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      assertEquals(ErrorCode.FREEZE_FAILED, result.error().orElseThrow().code());
      assertEquals(GuestState.THAWED, result.guest());
      assertEquals("freeze thaw", hooksRun(machine));
      machine.assertNothingLeft();
      machine.assertWritesOn();
    }
  }

  @Test
  void aThawHookThatIsSlowerThanAnAttemptIsWaitedForInTheNext() {
    try (Machine machine = Machine.start(HOOKED)) {
      hook(machine, "[ \"$1\" != thaw ] || sleep 6");

      SnapshotResult result = machine.take(SnapshotRequest.named("hooked"));

      assertEquals(GuestState.THAWED, result.guest(), result::toString);
      assertEquals(ErrorCode.FREEZE_NOT_PROVED, result.error().orElseThrow().code());
      machine.assertNothingLeft();
      machine.assertWritesOn();
    }
  }

  @Test
  void aSlowHookWithinTheWindowIsWaitedFor() {
    try (Machine machine = Machine.start(HOOKED)) {
      hook(machine, "[ \"$1\" != freeze ] || sleep 1");

      SnapshotResult result =
          machine.take(SnapshotRequest.named("hooked").freezeWindow(Duration.ofSeconds(20)));

      assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
      machine.assertWritesOn();
    }
  }
}
