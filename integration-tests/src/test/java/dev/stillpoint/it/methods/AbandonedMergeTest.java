package dev.stillpoint.it.methods;

import static dev.stillpoint.it.methods.GuestlessMachine.DISK;
import static dev.stillpoint.it.methods.GuestlessMachine.assertPattern;
import static dev.stillpoint.it.methods.GuestlessMachine.image;
import static dev.stillpoint.it.methods.GuestlessMachine.soon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.qapi.BlockCommit;
import dev.stillpoint.qmp.qapi.BlockInfo;
import dev.stillpoint.qmp.qapi.BlockJobCancel;
import dev.stillpoint.qmp.qapi.JobInfo;
import dev.stillpoint.qmp.qapi.QueryBlock;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.testkit.guest.QemuProcess;
import dev.stillpoint.testkit.proxy.Moment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A merge that was begun, and whose owner did not see its end. */
@Timeout(60)
class AbandonedMergeTest {
  private static final SnapshotName MONDAY = new SnapshotName("monday");

  @TempDir private Path temporary;
  private Path base = Path.of("");
  private Path monday = Path.of("");

  @BeforeEach
  void makeImage() throws IOException {
    base = image(temporary.toRealPath());
    monday = base.resolveSibling("disk.monday.qcow2");
  }

  private static SnapshotException refused(ErrorCode code, Executable what) {
    SnapshotException refused = assertThrows(SnapshotException.class, what);
    assertEquals(code, refused.failure().code(), refused::toString);
    return refused;
  }

  private static void assertTroubled(SnapshotStore store, SelectedDisk disk) {
    assertTrue(store.list(disk, soon()).get(0).trouble().isPresent());
  }

  private UserDefinedFileAttributeView attributes() {
    return Files.getFileAttributeView(monday, UserDefinedFileAttributeView.class);
  }

  @Test
  void oneThatIsLeftAsTheMachineTurnsIsNotPutOverWhatIsNewer() {
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      // given
      machine.taken("monday", DISK);
      machine.write(3);
      SnapshotException told = machine.lostAt(Moment.replyTo("job-complete"), MONDAY);
      assertTrue(told.failure().message().contains("may write to that already"), told::toString);
      // when the machine goes on in the image below, and ends
      machine.write(4);
    }
    // then
    var bare = SnapshotStore.ofBareDisks();
    SelectedDisk overlay = SelectedDisk.named(monday.toString()).withMethod("qemu");
    refused(ErrorCode.DISK_UNSUITABLE, () -> bare.delete(overlay, MONDAY, soon()));
    refused(ErrorCode.DISK_UNSUITABLE, () -> bare.revert(overlay, MONDAY, soon()));
    assertTroubled(bare, overlay);
    assertPattern(base, 4);
  }

  @Test
  void aJobThatSomebodyEndsIsNotInTheWayLater() {
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      // given
      machine.taken("monday", DISK);
      machine.write(6);
      machine.lostAt(Moment.request("job-complete"), MONDAY);
      JobInfo job = machine.monitor().execute(new QueryJobs()).join().get(0);
      machine.monitor().execute(BlockJobCancel.of(job.id())).join();
      // when
      refused(ErrorCode.CLEANUP_FAILED, () -> machine.store().delete(DISK, MONDAY, soon()));
      // then
      assertTrue(machine.store().delete(DISK, MONDAY, soon()).isPresent());
    }
    assertPattern(base, 6);
  }

  @Test
  void oneThatTakesLongerThanItsDeadlineGoesOnAndIsTakenUp() throws Exception {
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      // given the job of the merge, at a byte a second
      machine.taken("monday", DISK);
      machine.write(7);
      String job = beginSlowly(machine.monitor());
      var store = machine.store();
      // when
      SnapshotException late =
          refused(
              ErrorCode.CLEANUP_FAILED,
              () -> store.delete(DISK, MONDAY, Deadline.after(Duration.ofMillis(500))));
      // then
      assertTrue(late.failure().message().contains("did not end in time"), late::toString);
      assertTroubled(store, DISK);
      assertEquals(job, machine.monitor().execute(new QueryJobs()).join().get(0).id());
      var fast = JsonNodeFactory.instance.objectNode().put("device", job).put("speed", 0);
      machine.monitor().execute("block-job-set-speed", fast).join();
      assertTrue(store.delete(DISK, MONDAY, soon()).isPresent());
    }
    assertPattern(base, 7);
  }

  /** By the name that tells it from any other: the overlay's operation, and its file. */
  private String beginSlowly(QmpClient monitor) throws IOException {
    String attribute = "stillpoint.overlay.operation";
    ByteBuffer operation = ByteBuffer.allocate(attributes().size(attribute));
    attributes().read(attribute, operation);
    String job =
        "sp-%s-merge-%s"
            .formatted(
                StandardCharsets.US_ASCII.decode(operation.flip()),
                Files.getAttribute(monday, "unix:ino"));
    BlockInfo disk = monitor.execute(new QueryBlock()).join().get(0);
    String overlay = Objects.requireNonNull(Objects.requireNonNull(disk.inserted()).nodeName());
    monitor
        .execute(
            BlockCommit.of(overlay)
                .withJobId(job)
                .withSpeed(1L)
                .withAutoFinalize(true)
                .withAutoDismiss(false))
        .join();
    return job;
  }

  @Test
  void aRetryThatIsRefusedDoesNotMakeThePointWholeAgain() throws Exception {
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      // given one that has failed half-way
      machine.taken("monday", DISK);
      try (QemuProcess reader = reading(base)) {
        FileDisks.awaitGreeting(reader);
        attributes().write("stillpoint.overlay.merge", StandardCharsets.UTF_8.encode("begun"));
        // when QEMU itself keeps somebody's lock
        refused(ErrorCode.DISK_IN_USE, () -> machine.store().delete(DISK, MONDAY, soon()));
        // then
        assertTroubled(machine.store(), DISK);
      }
      assertTrue(machine.store().delete(DISK, MONDAY, soon()).isPresent());
    }
  }

  /** Has it open as a backup by QEMU's own tools does, which keeps writers out. */
  private static QemuProcess reading(Path image) {
    return QemuProcess.storageDaemon(
        "--blockdev",
        "driver=file,node-name=f,read-only=on,filename=" + image,
        "--blockdev",
        "driver=qcow2,node-name=q,read-only=on,file=f",
        "--nbd-server",
        "addr.type=unix,addr.path=n",
        "--export",
        "nbd,id=e,node-name=q,name=e");
  }
}
