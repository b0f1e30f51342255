package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our process is killed or stopped while a real guest stands still; nobody helps. */
@Timeout(240)
class GuardTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** The guest writes again within this time of the last fault. */
  private static final Duration RECOVERED = Duration.ofSeconds(10);

  @TempDir private Path directory;

  private Path state() {
    return directory.resolve("state");
  }

  private CommandLineProcess held(Guest guest) throws IOException {
    Path holding = directory.resolve("holding");
    var process =
        CommandLineProcess.startTelling(
            directory,
            "freeze",
            "--qga",
            AgentSafety.require(guest).toString(),
            "--state-dir",
            state().toString(),
            "--for",
            "60s",
            "--",
            "sh",
            "-c",
            "touch '" + holding + "'; while [ -d /proc/$PPID ]; do sleep 0.2; done");
    await().atMost(PATIENCE).until(() -> Files.exists(holding));
    return process;
  }

  @Test
  void aHoldWhoseProcessIsKilledEndsThawed() throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        var process = held(guest)) {
      // when
      process.kill();
      // then
      guest.awaitNextAck(RECOVERED);
      await()
          .atMost(PATIENCE)
          .until(() -> JournalDirectory.in(state()).operations().get(0).thawedByGuard());
    }
  }

  @Test
  void aHoldWhoseProcessIsStoppedEndsThawedAndIsNoSuccessAfterwards() throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        var process = held(guest)) {
      // when
      process.send("STOP");
      // then
      guest.awaitNextAck(RECOVERED);
      // when
      process.send("CONT");
      process.terminate();
      // then
      assertEquals(1, process.ended().code());
      guest.awaitNextAck(RECOVERED);
    }
  }

  @Test
  void aSnapshotThatIsKilledAtAnyMomentLeavesTheGuestWriting() throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      for (int milliseconds = 0; milliseconds <= 200; milliseconds += 40) {
        try (var process =
            CommandLineProcess.startTelling(
                directory,
                "snapshot",
                "--qmp",
                guest.qmp().toString(),
                "--qga",
                AgentSafety.require(guest).toString(),
                "--state-dir",
                state().toString(),
                "--name",
                "killed" + milliseconds)) {
          await()
              .atMost(PATIENCE)
              .pollInterval(Duration.ofMillis(2))
              .until(() -> process.said().contains("stillpoint: preparing"));
          process.live(Duration.ofMillis(milliseconds));
          // when
          process.kill();
          // then
          guest.awaitNextAck(RECOVERED);
          assertTrue(guest.awaitNextAck(RECOVERED) > 0);
        }
      }
    }
  }
}
