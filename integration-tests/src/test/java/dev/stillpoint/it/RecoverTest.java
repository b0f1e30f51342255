package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import dev.stillpoint.testkit.proxy.Trap;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A snapshot of a real guest is killed at a named moment, and {@code recover} runs after it. */
@Timeout(240)
class RecoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Moment THE_CUT = KilledSnapshot.THE_CUT;

  @TempDir private Path directory;

  private KilledSnapshot scene() {
    return new KilledSnapshot(directory);
  }

  @Test
  void killedWhilePreparing() throws Exception {
    try (KilledSnapshot scene = scene()) {
      // given: the overlays are made, and the rehearsal is asked for
      scene.killAt(scene.monitor, Moment.request("transaction"));
      assertEquals(3, scene.overlays().size());
      // when
      Run dry = scene.recover("--dry-run");
      List<Path> afterDry = scene.overlays();
      Run run = scene.recover();
      // then
      assertEquals(1, dry.code(), dry::toString);
      assertTrue(dry.out().contains("would remove the file"), dry::toString);
      assertEquals(3, afterDry.size());
      assertEquals(0, run.code(), run::toString);
      assertTrue(run.out().contains("removed the node"), run::toString);
      scene.assertNothingOfOurs();
      scene.assertWritesOn();
      scene.assertNothingLeft();
    }
  }

  @Test
  void killedBetweenTheFreezeAndTheCut() throws Exception {
    try (KilledSnapshot scene = scene()) {
      // given: the freeze was answered, and the cut does not reach QEMU
      scene.killAt(scene.monitor, THE_CUT);
      // when
      Run run = scene.recover("-o", "json");
      // then
      assertEquals(0, run.code(), run::toString);
      JsonNode operation = new ObjectMapper().readTree(run.out()).path("operations").path(0);
      assertEquals("settled", operation.path("state").asText(), run::toString);
      // By the recovery or, before it, by the guard that saw its owner die: told either way.
      assertTrue(run.out().contains("thawed the guest"), run::toString);
      assertEquals(0, operation.path("disks").size(), run::toString);
      scene.assertNothingOfOurs();
      scene.assertWritesOn();
      scene.assertNothingLeft();
    }
  }

  @Test
  void killedBetweenTheCutAndTheThaw() throws Exception {
    try (KilledSnapshot scene = scene()) {
      // given: QEMU has cut, and nobody hears of it
      scene.killAt(scene.monitor, Moment.replyTo("transaction").number(2));
      // when
      Run run = scene.recover();
      // then
      assertEquals(0, run.code(), run::toString);
      List<Path> overlays = scene.overlays();
      assertEquals(3, overlays.size());
      for (int i = 0; i < 3; i++) {
        Path base = scene.guest.images().get(i);
        assertTrue(run.out().contains("the machine writes to: " + overlays.get(i)), run::toString);
        assertTrue(run.out().contains("a backup may read:     " + base), run::toString);
      }
      assertTrue(run.out().contains("Store the new ones"), run::toString);
      assertEquals(overlays.stream().map(Path::toString).toList(), scene.activeImages());
      scene.assertWritesOn();
      scene.assertNothingLeft();
      scene.quit();
      for (Path overlay : overlays) {
        HostCommand.run(directory, List.of("qemu-img", "check", "-q", overlay.toString()));
      }
    }
  }

  /** Whether QEMU has heard that it is to complete the job, which nobody ends then but itself. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void killedWhileTheCutIsTakenBack(boolean completed) throws Exception {
    try (KilledSnapshot scene = scene()) {
      // given: a thaw whose reply is lost does not prove that the freeze held
      scene.agent.arm(Moment.replyTo("guest-fsfreeze-thaw"), Fault.drop());
      scene.killAt(
          scene.monitor,
          completed ? Moment.replyTo("job-complete") : Moment.request("job-complete"));
      scene.guest.awaitNextAck(PATIENCE);
      scene.guest.awaitNextAck(PATIENCE);
      // when
      Run run = scene.recover();
      // then
      assertEquals(0, run.code(), run::toString);
      for (int i = 0; i < 3; i++) {
        assertTrue(run.out().contains("took back the cut of the disk vd" + i), run::toString);
      }
      scene.assertNothingOfOurs();
      assertEquals(
          scene.guest.images().stream().map(Path::toString).toList(), scene.activeImages());
      scene.assertWritesOn();
      scene.assertNothingLeft();
    }
  }

  @Test
  void aRecoveryThatIsKilledInTheMiddleIsTakenUpByTheNext() throws Exception {
    try (KilledSnapshot scene = scene()) {
      // given
      scene.killAt(scene.monitor, THE_CUT);
      Trap removal = scene.monitor.arm(Moment.request("blockdev-del").number(2), Fault.hold());
      try (var process =
          CommandLineProcess.start(
              Way.CLASS_PATH, directory, "recover", "--state-dir", scene.state().toString())) {
        removal.await(PATIENCE);
        // when
        process.kill();
      } finally {
        removal.disarm();
      }
      scene.monitor.cutNow(Side.SERVER);
      scene.monitor.cutNow(Side.CLIENT);
      Run run = scene.recover();
      // then
      assertEquals(0, run.code(), run::toString);
      scene.assertNothingOfOurs();
      scene.assertWritesOn();
      scene.assertNothingLeft();
    }
  }
}
