package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our process is killed or stopped while a real machine is paused, and its guest frozen or not. */
@Timeout(240)
class PausedGuardTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The guest writes again within this time of the last fault. */
  private static final Duration RECOVERED = Duration.ofSeconds(10);

  @TempDir private Path directory;

  private Path out() {
    return directory.resolve("out");
  }

  private Path err() {
    return directory.resolve("err");
  }

  private Process pausing(Guest guest, Quiesce quiesce) throws IOException {
    Path standing = directory.resolve("standing");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                PausingOwner.class.getName(),
                guest.qmp().toString(),
                AgentSafety.require(guest).toString(),
                quiesce.name(),
                standing.toString())
            .redirectOutput(out().toFile())
            .redirectError(err().toFile())
            .start();
    await().atMost(PATIENCE).until(() -> Files.exists(standing) || !process.isAlive());
    assertTrue(process.isAlive(), Files.readString(out()) + Files.readString(err()));
    return process;
  }

  private static boolean runs(Guest guest) {
    try (QmpClient observer = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      return observer.execute(new QueryStatus()).join().running();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PREFER", "NEVER"})
  void whoIsKilledLeavesAMachineThatRunsAndAGuestThatWrites(Quiesce quiesce) throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      Process process = pausing(guest, quiesce);
      assertFalse(runs(guest));
      // when
      process.destroyForcibly().waitFor();
      // then
      guest.awaitNextAck(RECOVERED);
      assertTrue(runs(guest));
    }
  }

  @Test
  void whoIsStoppedLeavesItTooAndFindsThatOutWhenHeComesBack() throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      Process process = pausing(guest, Quiesce.PREFER);
      try {
        // when
        send("STOP", process);
        // then
        guest.awaitNextAck(RECOVERED);
        assertTrue(runs(guest));
        // when
        send("CONT", process);
        // then
        assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        String told = Files.readString(out());
        assertTrue(told.contains("outcome=FAILED") && told.contains("guest=THAWED"), told);
        guest.awaitNextAck(RECOVERED);
        assertTrue(runs(guest));
      } finally {
        process.destroyForcibly();
      }
    }
  }

  private static void send(String signal, Process to) throws Exception {
    assertEquals(0, new ProcessBuilder("kill", "-" + signal, "" + to.pid()).start().waitFor());
  }
}
