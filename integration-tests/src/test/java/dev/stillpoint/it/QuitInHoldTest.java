package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * QEMU goes while the guest is frozen: before its disks are cut, and after. A machine that has
 * ended is not frozen, and waiting for its thaw to the end of the bound would be for nothing.
 */
@Timeout(120)
class QuitInHoldTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Much longer than it takes to see that the machine is gone. */
  private static final String THAW_BOUND = "10m";

  @TempDir private Path directory;

  @Test
  void qemuIsKilledBeforeTheCut() throws Exception {
    assertUndecided(Moment.request("transaction"));
  }

  @Test
  void qemuIsKilledAfterTheCut() throws Exception {
    assertUndecided(Moment.replyTo("transaction"));
  }

  /**
   * Nobody can tell whether the cut was done, so nothing is claimed, and no image is removed that
   * may hold what the machine wrote last; each is named.
   */
  private void assertUndecided(Moment cut) throws Exception {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        var proxy = FaultProxy.before(guest.qmp())) {
      // The first one is the rehearsal.
      var inTheHold = proxy.arm(cut.number(2), Fault.drop());
      try (var process = snapshot(guest, proxy.socket())) {
        inTheHold.await(PATIENCE);
        ProcessHandle.of(guest.pid()).orElseThrow().destroyForcibly();

        Run run = process.ended();

        assertFalse(guest.isAlive());
        assertEquals(4, run.code(), run::err);
        assertEquals("", run.out());
        assertTrue(run.err().contains("snapshot quit: unknown"), run::err);
        assertTrue(run.err().contains("the machine ended"), run::err);
        assertFalse(run.err().contains("may be frozen"), run::err);
        assertEquals(3, overlays(guest).size());
        for (Path overlay : overlays(guest)) {
          assertTrue(run.err().contains("the machine may write to: " + overlay), run::err);
        }
      }
    }
  }

  private CommandLineProcess snapshot(Guest guest, Path qmp) throws IOException {
    return CommandLineProcess.start(
        Way.CLASS_PATH,
        directory,
        "snapshot",
        "--qmp",
        qmp.toString(),
        "--qga",
        AgentSafety.require(guest).toString(),
        "--name",
        "quit",
        "--thaw-bound",
        THAW_BOUND);
  }

  private static List<Path> overlays(Guest guest) throws IOException {
    try (Stream<Path> files = Files.list(guest.directory())) {
      return files.filter(file -> file.toString().contains(".quit.")).toList();
    }
  }
}
