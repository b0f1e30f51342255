package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Trap;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A snapshot by two methods is killed while the machine is paused, the guest frozen, and one of the
 * two disks cut: everything that an operation can owe at once.
 */
@Timeout(240)
class RecoverPausedTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  @Test
  void theGuestRunsAgainAndOfTheHalfCutNothingIsRemoved() throws Exception {
    try (KilledSnapshot scene = new KilledSnapshot(directory)) {
      // given
      killBetweenTheTwoCuts(scene);
      assertEquals(Phase.HOLDING, scene.written().phase());
      assertTrue(scene.written().resumeOwed() && scene.written().thawOwed());
      assertEquals("paused", statusOf(scene));
      List<String> images = scene.guest.images().stream().map(Path::toString).toList();
      // when
      Run run = scene.recover();
      // then
      assertEquals(1, run.code(), run::toString);
      assertTrue(run.out().contains("resumed the machine\n  thawed the guest"), run::toString);
      assertTrue(run.out().contains("only 1 of 2 disks write to their overlays"), run::toString);
      assertEquals("running", statusOf(scene));
      scene.assertWritesOn();
      List<Path> overlays = scene.overlays();
      assertEquals(2, overlays.size());
      assertEquals(
          List.of(overlays.get(0).toString(), images.get(1), images.get(2)), scene.activeImages());
      assertTrue(run.out().contains(overlays.get(0) + " (the machine writes to it)"), run::out);
      assertTrue(run.out().contains("source " + images.get(1)), run::out);
      // and once more: nothing is owed any more, and the same is left
      Run again = scene.recover();
      assertEquals(1, again.code(), again::toString);
      assertFalse(again.out().contains("thawed"), again::toString);
      assertEquals(overlays, scene.overlays());
    }
  }

  private static void killBetweenTheTwoCuts(KilledSnapshot scene) throws Exception {
    Trap firstIsCut = scene.monitor.watch(Moment.replyTo("transaction").number(3));
    Trap second = scene.monitor.arm(KilledSnapshot.THE_CUT.number(2), Fault.hold());
    Process process =
        TwoMethodSnapshot.start(
            scene.monitor.socket(),
            scene.agent.socket(),
            scene.state(),
            scene.guest.images().get(0),
            scene.guest.images().get(1));
    try {
      second.await(PATIENCE);
      firstIsCut.await(PATIENCE);
    } finally {
      process.destroyForcibly().waitFor();
      second.disarm();
    }
    scene.drop();
  }

  private static String statusOf(KilledSnapshot scene) {
    try (QmpClient client = QmpClient.connect(Endpoint.unix(scene.guest.observer())).join()) {
      return client.execute(new QueryStatus()).join().status().value();
    }
  }
}
