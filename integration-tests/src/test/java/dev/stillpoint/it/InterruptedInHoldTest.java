package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals while a real guest stands still, and again while it is led out. */
@Timeout(180)
class InterruptedInHoldTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration RECOVERED = Duration.ofSeconds(10);

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP"})
  void aSecondSignalChangesNothing(String signal) throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        var monitor = FaultProxy.before(guest.qmp())) {
      // The first one is the rehearsal.
      var cut = monitor.arm(Moment.replyTo("transaction").number(2), Fault.hold());
      try (var process =
          CommandLineProcess.start(
              Way.CLASS_PATH,
              directory,
              "snapshot",
              "--qmp",
              monitor.socket().toString(),
              "--qga",
              AgentSafety.require(guest).toString(),
              "--freeze-window",
              "10m",
              "--timeout",
              "20m",
              "--name",
              "interrupted")) {
        cut.await(PATIENCE);
        // when
        process.send(signal);
        // then: the guest does not wait for the cut
        guest.awaitNextAck(RECOVERED);
        // when
        process.send(signal);
        process.send("INT");
        cut.release();
        // then
        Run run = process.ended();
        assertEquals(1, run.code(), run::err);
        assertTrue(run.err().contains("cancelled"), run::err);
      }
      try (Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
        machine.assertNothingLeft();
        assertEquals(0, machine.files().stream().filter(InterruptedInHoldTest::isOurs).count());
        machine.assertWritesOn();
      }
    }
  }

  private static boolean isOurs(Path file) {
    return file.toString().contains(".interrupted.");
  }
}
