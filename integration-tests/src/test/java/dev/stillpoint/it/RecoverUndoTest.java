package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.JobInfo;
import dev.stillpoint.qmp.qapi.JobStatus;
import dev.stillpoint.qmp.qapi.QueryJobs;
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

/** A snapshot is killed while it takes its late cut back, and {@code recover} goes on with that. */
@Timeout(240)
class RecoverUndoTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  /** All disks write to their first images again, nothing of ours is left, and no write is lost. */
  private static void assertTakenBack(KilledSnapshot scene, Run run) throws Exception {
    assertEquals(0, run.code(), run::toString);
    assertTrue(run.out().contains("took back the cut of the disk"), run::toString);
    assertFalse(run.out().contains("Store the new ones"), run::toString);
    scene.assertNothingOfOurs();
    assertEquals(scene.guest.images().stream().map(Path::toString).toList(), scene.activeImages());
    scene.assertWritesOn();
    scene.assertNothingLeft();
    scene.assertNoWriteIsLost();
  }

  @Test
  void killedBeforeAnyJobWasBegun() throws Exception {
    try (KilledSnapshot scene = new KilledSnapshot(directory)) {
      // given
      scene.killInUndoAt(Moment.request("block-commit"));
      assertEquals(Phase.UNDOING, scene.written().phase());
      assertEquals(3, scene.overlays().size());
      // when
      Run dry = scene.recover("--dry-run");
      Run run = scene.recover();
      // then
      assertEquals(1, dry.code(), dry::toString);
      assertTrue(dry.out().contains("would take back the cut of the disk"), dry::toString);
      assertTakenBack(scene, run);
    }
  }

  @Test
  void killedWhileAJobIsReady() throws Exception {
    try (KilledSnapshot scene = new KilledSnapshot(directory)) {
      // given
      scene.killInUndoAt(Moment.request("job-complete"));
      assertEquals(List.of(JobStatus.READY), statuses(scene));
      // then
      assertTakenBack(scene, scene.recover());
    }
  }

  @Test
  void killedBetweenTwoDisks() throws Exception {
    try (KilledSnapshot scene = new KilledSnapshot(directory)) {
      // given: the first writes to its image again, the others to their overlays
      scene.killInUndoAt(Moment.request("block-commit").number(2));
      assertEquals(List.of(), statuses(scene));
      List<String> active = scene.activeImages();
      assertEquals(scene.guest.images().get(0).toString(), active.get(0));
      assertEquals(scene.overlays().get(1).toString(), active.get(1));
      // then
      assertTakenBack(scene, scene.recover());
    }
  }

  @Test
  void killedWhileAJobRunsAndTheRecoveryIsInterruptedAndKilled() throws Exception {
    try (KilledSnapshot scene = new KilledSnapshot(directory)) {
      // given: the job that was about to be begun, at a byte a second
      scene.killInUndoAt(Moment.request("block-commit"));
      Inventory disk = scene.written().disks().get(0);
      String prefix = "sp-" + scene.written().operationId() + "-1-";
      ask(
          scene,
          "block-commit",
          Machine.json()
              .put("job-id", prefix + "commit")
              .put("device", prefix + "overlay")
              .put("base-node", disk.node().orElseThrow())
              .put("speed", 1)
              .put("auto-dismiss", false));
      assertEquals(List.of(JobStatus.RUNNING), statuses(scene));
      // when its time is short
      Run bounded = scene.recover("--undo-bound", "1s");
      // then
      assertStays(scene, bounded, "did not end in time; it is running");
      // when it is interrupted while it waits
      Trap waiting = scene.monitor.watch(Moment.request("query-jobs").number(8));
      try (var process = scene.startRecovery()) {
        waiting.await(PATIENCE);
        process.terminate();
        Run interrupted = process.ended();
        // then
        assertStays(scene, interrupted, "asked to stop while the job");
        assertTrue(interrupted.err().contains("interrupted"), interrupted::toString);
      }
      // when it is killed in the middle of the second disk
      ObjectNode fast = Machine.json().put("device", prefix + "commit").put("speed", 0);
      ask(scene, "block-job-set-speed", fast);
      Trap second = scene.monitor.arm(Moment.request("job-complete").number(2), Fault.hold());
      try (var process = scene.startRecovery()) {
        second.await(PATIENCE);
        process.kill();
      } finally {
        second.disarm();
      }
      scene.monitor.cutNow(Side.SERVER);
      scene.monitor.cutNow(Side.CLIENT);
      // then
      assertTakenBack(scene, scene.recover());
    }
  }

  private static void assertStays(KilledSnapshot scene, Run run, String why) {
    assertEquals(1, run.code(), run::toString);
    assertTrue(run.out().contains(why), run::toString);
    assertEquals(3, scene.overlays().size());
    assertEquals(List.of(JobStatus.RUNNING), statuses(scene));
  }

  private static void ask(KilledSnapshot scene, String command, ObjectNode arguments) {
    try (QmpClient client = QmpClient.connect(Endpoint.unix(scene.guest.observer())).join()) {
      client.execute(command, arguments).join();
    }
  }

  private static List<JobStatus> statuses(KilledSnapshot scene) {
    try (QmpClient client = QmpClient.connect(Endpoint.unix(scene.guest.observer())).join()) {
      return client.execute(new QueryJobs()).join().stream().map(JobInfo::status).toList();
    }
  }
}
