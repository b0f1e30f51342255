package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An operation ended while it took its cut back; the next one goes on where that is shown. */
@Timeout(60)
class RecoveryUndoTest extends RecoveryScene {
  private final List<String> commits = new ArrayList<>();

  /** A machine that commits at once: a job is ready when it is begun, and pivots at its end. */
  @BeforeEach
  void commits() {
    images = directory.toString();
    monitor
        .on("block-commit")
        .answers(arguments -> {
          String job = arguments.path("job-id").asText();
          commits.add(job);
          jobs.put(job, "ready");
          return value("{}");
        });
    monitor
        .on("job-complete")
        .answers(arguments -> {
          String job = arguments.path("id").asText();
          jobs.put(job, "concluded");
          attached.replaceAll(
              node -> node.equals(overlay(number(job))) ? "node" + number(job) : node);
          return value("{}");
        });
    monitor
        .on("job-dismiss")
        .answers(arguments -> {
          jobs.remove(arguments.path("id").asText());
          return value("{}");
        });
  }

  private static int number(String job) {
    return Integer.parseInt(job.split("-", -1)[2]);
  }

  private static String overlay(int n) {
    return "sp-" + ID + "-" + n + "-overlay";
  }

  private static String job(int n) {
    return "sp-" + ID + "-" + n + "-commit";
  }

  /** A disk that is cut: the machine writes to its overlay, over its source. */
  private Inventory cut(int n) throws IOException {
    Path overlay = file("overlay" + n);
    Path source = file("base" + n + ".qcow2");
    nodes.addAll(List.of("node" + n, overlay(n)));
    attached.add(overlay(n));
    below.put(overlay(n), source.toString());
    return disk(n, overlay, Optional.of(number(overlay)));
  }

  private void undoing(Inventory... disks) {
    written(Phase.RELEASED, living(), false, false, disks);
    written(Phase.UNDOING, living(), false, false, disks);
  }

  private void assertTakenBack(RecoveredOperation one, int disks) {
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertEquals(List.of(), one.disks());
    for (int n = 1; n <= disks; n++) {
      assertTrue(attached.contains("node" + n), attached::toString);
      assertFalse(Files.exists(directory.resolve("overlay" + n)));
    }
    assertTrue(nodes.stream().noneMatch(node -> node.startsWith("sp-")), nodes::toString);
    assertTrue(jobs.isEmpty(), jobs::toString);
    assertNothingLeftNow();
  }

  @Test
  void whatWasDecidedAndNotBegunIsBegun() throws IOException {
    // given
    undoing(cut(1), cut(2));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(List.of(job(1), job(2)), commits);
    assertTrue(one.done().get(0).startsWith("took back the cut of the disk vd1"), one::toString);
    assertTakenBack(one, 2);
  }

  @Test
  void aJobThatIsReadyIsCompletedAlsoWhereTheJournalSaysNothingOfIt() throws IOException {
    // given
    Inventory disk = cut(1);
    written(Phase.RELEASED, living(), false, false, disk);
    jobs.put(job(1), "ready");
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(List.of(), commits);
    assertTakenBack(one, 1);
  }

  @Test
  void whatOnlyAJobHasShownIsWrittenDownForTheNext() throws IOException {
    // given: the journal says nothing, and the first disk's job is all that tells of the undo
    written(Phase.RELEASED, living(), false, false, cut(1), cut(2));
    jobs.put(job(1), "ready");
    // when: it ends between the two disks, and the job is gone with the first
    RecoveredOperation first = Recovery.of(journal).run(() -> attached.contains("node1")).get(0);
    // then
    assertEquals(State.LEFT, first.state(), first::toString);
    assertTrue(first.left().get(0).contains("vd2: asked to stop"), first::toString);
    assertTrue(jobs.isEmpty(), jobs::toString);
    assertTakenBack(recovered(), 2);
  }

  @Test
  void aJobThatHasEndedIsForgotten() throws IOException {
    // given: it has pivoted
    undoing(cut(1));
    attached.set(0, "node1");
    jobs.put(job(1), "concluded");
    // then
    assertTakenBack(recovered(), 1);
    assertEquals(List.of(), commits);
  }

  @Test
  void aJobThatHasFailedIsTriedOnceMore() throws IOException {
    // given: it has ended, and the machine still writes to the overlay
    undoing(cut(1));
    jobs.put(job(1), "failed");
    // then
    assertTakenBack(recovered(), 1);
    assertEquals(List.of(job(1)), commits);
  }

  @Test
  void betweenTwoDisksTheSecondIsTakenBackToo() throws IOException {
    // given
    undoing(cut(1), cut(2));
    attached.set(0, "node1");
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(List.of(job(2)), commits);
    assertTakenBack(one, 2);
  }

  @Test
  void anUndoThatFailedIsNeverToldAsASnapshot() throws IOException {
    // given: every disk writes to its overlay, but the images below have been written to
    Inventory disk = cut(1);
    undoing(disk);
    ended(Outcome.UNKNOWN, disk);
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(List.of(), one.disks());
    assertTakenBack(one, 1);
  }

  @Test
  void anUndoThatHadEndedIsNotGoneOnWith() throws IOException {
    // given: only its clean-up failed, and the disk was unplugged since
    Inventory disk = cut(1);
    undoing(disk);
    ended(Outcome.FAILED, disk);
    attached.clear();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(Files.exists(directory.resolve("overlay1")));
  }

  @Test
  void aJobThatRunsIsAwaitedWithinTheBoundAndLeftToTheNext() throws IOException {
    // given
    undoing(cut(1));
    jobs.put(job(1), "running");
    // when
    Recovery recovery = Recovery.of(journal).undoBound(Duration.ofMillis(300));
    RecoveredOperation first = recovery.run().get(0);
    // then
    assertEquals(State.LEFT, first.state());
    assertTrue(first.left().get(0).contains(job(1)), first::toString);
    assertTrue(first.left().get(0).contains("running"), first::toString);
    assertTrue(Files.exists(directory.resolve("overlay1")));
    assertEquals("running", jobs.get(job(1)));
    jobs.put(job(1), "ready");
    assertTakenBack(recovered(), 1);
  }

  @Test
  void askedToStopItStopsBetweenTwoDisks() throws IOException {
    // given
    undoing(cut(1), cut(2));
    // when: asked once the first is on its way
    RecoveredOperation first = Recovery.of(journal).run(() -> !commits.isEmpty()).get(0);
    // then: the first one's job rests where it is; nothing is removed
    assertEquals(State.LEFT, first.state(), first::toString);
    assertEquals(List.of(job(1)), commits);
    assertTrue(attached.contains(overlay(2)));
    assertTrue(Files.exists(directory.resolve("overlay1")));
    assertTakenBack(recovered(), 2);
  }

  @Test
  void askedToStopItDoesNotWaitForAJobThatRuns() throws IOException {
    // given: a job that never gets ready
    undoing(cut(1));
    jobs.put(job(1), "running");
    var asked = new AtomicInteger();
    // when: asked after it has begun to wait
    RecoveredOperation one = Recovery.of(journal).run(() -> asked.incrementAndGet() > 5).get(0);
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().get(0).contains("asked to stop while the job"), one::toString);
    assertEquals("running", jobs.get(job(1)));
  }

  @Test
  void aDryRunTellsAndTakesNothingBack() throws IOException {
    // given
    undoing(cut(1));
    jobs.put(job(1), "ready");
    // when
    RecoveredOperation one = Recovery.of(journal).onlyTelling().run().get(0);
    // then
    assertEquals(State.PENDING, one.state(), one::toString);
    assertEquals(
        "would take back the cut of the disk vd1 (the job " + job(1) + " is ready)",
        one.done().get(0));
    assertEquals("ready", jobs.get(job(1)));
  }

  @Test
  void nothingIsWrittenIntoABaseThatIsNotThereAnyMore() throws IOException {
    // given: QEMU has it open, but its name is gone
    undoing(cut(1));
    Files.delete(directory.resolve("base1.qcow2"));
    // then
    assertStays("base1.qcow2 is not there any more");
  }

  @Test
  void anImageAboveTheOverlayIsNotTakenBack() throws IOException {
    // given: somebody has made a snapshot since
    undoing(cut(1));
    attached.set(0, "newer");
    nodes.add("newer");
    below.put("newer", directory.resolve("overlay1").toString());
    // then
    assertStays("the machine writes to an image above the overlay");
  }

  @Test
  void aDiskThatWasUnpluggedIsNotTakenBack() throws IOException {
    // given
    undoing(cut(1), cut(2));
    attached.remove(1);
    // then
    assertStays("disk vd2: the machine does not have it any more");
  }

  @Test
  void anotherImageBelowTheOverlayIsNotWrittenTo() throws IOException {
    // given
    undoing(cut(1));
    below.put(overlay(1), "/images/other.qcow2");
    // then
    assertStays("below the overlay is another image");
  }

  private void assertStays(String why) {
    RecoveredOperation one = recovered();
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().toString().contains(why), one::toString);
    assertEquals(List.of(), commits);
    assertTrue(Files.exists(directory.resolve("overlay1")));
    assertTrue(nodes.contains(overlay(1)), nodes::toString);
    assertEquals(State.LEFT, recovered().state());
  }

  @Test
  void aMachineThatIsGoneLeavesBothImages() throws IOException {
    // given
    Path overlay = file("overlay1");
    Inventory disk = disk(1, overlay, Optional.of(number(overlay)));
    written(Phase.UNDOING, gone(), false, false, disk);
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().get(0).contains("ended while its cut was being taken back"));
    assertTrue(Files.exists(overlay));
  }
}
