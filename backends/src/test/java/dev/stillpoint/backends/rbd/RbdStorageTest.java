package dev.stillpoint.backends.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.MissingProgramException;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.PlannedSnapshot;
import dev.stillpoint.backends.storage.Presence;
import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which image a disk is, and what is said to {@code rbd}. */
class RbdStorageTest {
  private static final SnapshotName NAME = new SnapshotName("n");
  private static final Deadline DEADLINE = Deadline.after(Duration.ofMinutes(1));

  /** A cluster that answers the same each time. */
  private static final class Cluster implements Programs {
    private final List<List<String>> commands = new CopyOnWriteArrayList<>();
    private volatile Said snapshots = new Said(0, "[]", "");
    private volatile Said note = new Said(2, "", "rbd: getting metadata failed");
    private volatile Said removal = new Said(0, "", "");

    @Override
    public String place() {
      return "a test";
    }

    @Override
    public Said run(List<String> command, Deadline deadline) {
      return runToEnd(command);
    }

    @Override
    public Said runToEnd(List<String> command) {
      commands.add(command);
      return switch (command.get(1) + " " + command.get(2)) {
        case "snap ls" -> snapshots;
        case "snap rm" -> removal;
        case "image-meta get" -> note;
        default ->
            command.get(1).equals("status")
                ? new Said(0, "{\"watchers\":[{}]}", "")
                : new Said(0, "", "");
      };
    }
  }

  private final Cluster cluster = new Cluster();
  private final RbdStorage storage = new RbdStorage(cluster);

  private static LocatedDisk disk(DiskSource source) {
    return new LocatedDisk(
        SelectedDisk.named("vd0").withMethod("rbd"), source, CutDisk.named("vd0"));
  }

  private static LocatedDisk remote(String address) {
    return disk(new DiskSource.Remote(address, "raw"));
  }

  private static LocatedDisk with(LocatedDisk disk, String option, String value) {
    return new LocatedDisk(disk.selected().withOption(option, value), disk.source(), disk.guest());
  }

  private PlannedSnapshot plan(LocatedDisk disk) {
    return storage.plan(disk, NAME, DEADLINE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      quoteCharacter = '`',
      value = {
        "rbd:p/i p/i@n",
        "rbd:p/s/i:conf=/etc/c.conf:id=joe p/s/i@n",
        "json:{\"driver\":\"rbd\",\"pool\":\"p\",\"image\":\"i\"} p/i@n",
        "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"rbd\",\"pool\":\"p\",\"namespace\":\"s\",\"image\":\"i\"}} p/s/i@n"
      })
  void theImageIsFoundInTheNameThatQemuHas(String name, String expected) {
    assertEquals(expected, plan(remote(name)).snapshot().name());
  }

  @Test
  void howTheClusterIsReachedIsTakenFromTheNameAndFromTheOptionsFirst() {
    // given
    LocatedDisk named = remote("rbd:p/i:conf=/etc/c.conf:id=joe:key=secret");
    LocatedDisk json =
        remote(
            "json:{\"driver\":\"rbd\",\"pool\":\"p\",\"image\":\"i\",\"conf\":\"/c\",\"user\":\"u\"}");
    // when
    StorageSnapshot found = plan(named).snapshot();
    // then
    assertEquals("/etc/c.conf", found.option("conf"));
    assertEquals("joe", found.option("id"));
    assertFalse(found.options().containsValue("secret"));
    assertEquals("mary", plan(with(named, "id", "mary")).snapshot().option("id"));
    assertEquals("/c", plan(json).snapshot().option("conf"));
    assertEquals("u", plan(json).snapshot().option("id"));
  }

  @Test
  void anImageThatIsToldMustBeTheOneThatIsSeen() {
    // given
    LocatedDisk disk = with(remote("rbd:p/i:conf=/c"), "image", "p/other");
    // when, then
    var refused = assertThrows(SnapshotException.class, () -> plan(disk));
    assertEquals(ErrorCode.BAD_REQUEST, refused.failure().code());
    plan(with(remote("rbd:p/i:conf=/c"), "image", "p/i"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rbd:p/i:mon_host=1.2.3.4",
        "json:{\"driver\":\"rbd\",\"pool\":\"p\",\"image\":\"i\",\"server\":[{\"host\":\"h\"}]}",
        "json:{\"driver\":\"rbd\",\"pool\":\"p\",\"image\":\"i\",\"server.0.host\":\"h\"}"
      })
  void theClusterThatQemuWasToldOfHasToBeNamed(String name) {
    // when, then
    var refused = assertThrows(SnapshotException.class, () -> plan(remote(name)));
    assertTrue(refused.failure().message().contains("mon="), refused::toString);
    plan(with(remote(name), "conf", "/etc/ceph/b.conf"));
  }

  @Test
  void anImageCanBeTold() {
    // given
    LocatedDisk far =
        with(disk(new DiskSource.Device(Path.of("/dev/null"), "raw")), "image", "p/s/i");
    // when
    PlannedSnapshot planned = plan(far);
    // then
    assertEquals("p/s/i@n", planned.snapshot().name());
    assertEquals(
        new DiskSource.Rbd("p", Optional.of("s"), "i", Optional.of("n"), "raw"),
        planned.backupSource());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "i", "p/i@s", "p//i", "a/b/c/d", "/i", "p/", "p/a\nb"})
  void whatNamesNoImageIsRefused(String image) {
    LocatedDisk far = with(remote("nbd://host/x"), "image", image);
    var refused = assertThrows(SnapshotException.class, () -> plan(far));
    assertEquals(ErrorCode.BAD_REQUEST, refused.failure().code());
  }

  @ParameterizedTest
  @CsvSource({"conf,relative.conf", "conf,-x", "id,-x", "id,a b", "mon,-m", "cluster,../x"})
  void whatCouldBeTakenForAnOptionIsRefused(String option, String value) {
    LocatedDisk disk = with(remote("rbd:p/i"), option, value);
    var refused = assertThrows(SnapshotException.class, () -> plan(disk));
    assertEquals(ErrorCode.BAD_REQUEST, refused.failure().code());
  }

  @ParameterizedTest
  @ValueSource(strings = {"nbd://host/x", "rbd:p/i@snapshot", "p/i"})
  void whatIsNoImageThatIsWrittenToIsRefused(String name) {
    var refused = assertThrows(SnapshotException.class, () -> plan(remote(name)));
    assertEquals(ErrorCode.DISK_UNSUITABLE, refused.failure().code());
  }

  @Test
  void aNameThatBeginsWithADashStaysAName() throws IOException {
    // given
    StorageSnapshot snapshot =
        plan(with(with(remote("rbd:-p/-i"), "conf", "/c"), "mon", "10.0.0.1:6789")).snapshot();
    // when
    storage.cut(List.of(snapshot), "0a0b0c0d", DEADLINE);
    // then
    assertEquals(
        List.of(
            "rbd",
            "snap",
            "create",
            "--conf",
            "/c",
            "-m",
            "10.0.0.1:6789",
            "--pool=-p",
            "--image=-i",
            "--snap=n",
            "--no-progress"),
        cluster.commands.get(0));
  }

  @Test
  void aSnapshotIsOursByItsNumberToo() throws IOException {
    // given
    StorageSnapshot snapshot = plan(remote("rbd:p/i")).snapshot();
    cluster.snapshots = new Said(0, "[{\"id\":7,\"name\":\"n\"}]", "");
    // when, then
    cluster.note = new Said(0, "0a0b0c0d@7\n", "");
    assertEquals(Presence.OURS, storage.find(snapshot, "0a0b0c0d", DEADLINE));
    assertEquals(Presence.FOREIGN, storage.find(snapshot, "", DEADLINE));
    // one of the same name that came later
    cluster.note = new Said(0, "0a0b0c0d@6\n", "");
    assertEquals(Presence.FOREIGN, storage.find(snapshot, "0a0b0c0d", DEADLINE));
    cluster.snapshots = new Said(0, "[{\"id\":7,\"name\":\"other\"}]", "");
    assertEquals(Presence.ABSENT, storage.find(snapshot, "0a0b0c0d", DEADLINE));
  }

  @Test
  void aProtectedSnapshotIsNotUnprotected() {
    // given
    StorageSnapshot snapshot = plan(remote("rbd:p/i")).snapshot();
    cluster.removal = new Said(16, "", "protected");
    // when
    var refused = assertThrows(SnapshotException.class, () -> storage.delete(snapshot, DEADLINE));
    // then
    assertEquals(ErrorCode.CLEANUP_FAILED, refused.failure().code());
    assertEquals(1, cluster.commands.size(), cluster.commands::toString);
  }

  @Test
  void whatTheClusterDoesNotAnswerInJsonIsAFailure() {
    StorageSnapshot snapshot = plan(remote("rbd:p/i")).snapshot();
    cluster.snapshots = new Said(0, "garbage", "");
    assertThrows(IOException.class, () -> storage.check(List.of(snapshot), DEADLINE));
    cluster.snapshots = new Said(1, "", "cannot connect");
    assertThrows(IOException.class, () -> storage.check(List.of(snapshot), DEADLINE));
    cluster.snapshots = new Said(2, "", "rbd: error opening image i");
    var refused =
        assertThrows(SnapshotException.class, () -> storage.check(List.of(snapshot), DEADLINE));
    assertEquals(ErrorCode.DISK_UNSUITABLE, refused.failure().code());
  }

  @Test
  void aClusterThatIsNotFoundIsNoClusterWithoutTheSnapshot() {
    // given the same status as of an image that is not there
    StorageSnapshot snapshot = plan(remote("rbd:p/i")).snapshot();
    cluster.snapshots = new Said(2, "", "rbd: couldn't connect to the cluster!");
    // when, then
    assertThrows(IOException.class, () -> storage.find(snapshot, "0a0b0c0d", DEADLINE));
    cluster.removal = cluster.snapshots;
    assertThrows(IOException.class, () -> storage.delete(snapshot, DEADLINE));
    cluster.snapshots = new Said(0, "[{\"id\":7,\"name\":\"n\"}]", "");
    cluster.note = cluster.removal;
    assertThrows(IOException.class, () -> storage.find(snapshot, "0a0b0c0d", DEADLINE));
  }

  @Test
  void anImageThatIsOpenIsNotReverted() {
    // given
    PlannedSnapshot planned = plan(remote("rbd:p/i"));
    // when
    var refused = assertThrows(SnapshotException.class, () -> storage.revert(planned, DEADLINE));
    // then
    assertEquals(ErrorCode.DISK_IN_USE, refused.failure().code());
    assertTrue(cluster.commands.stream().noneMatch(words -> words.contains("rollback")));
  }

  @Test
  void severalImagesAreNoOneInstant() throws IOException {
    StorageSnapshot one = plan(remote("rbd:p/i")).snapshot();
    StorageSnapshot two = plan(remote("rbd:p/j")).snapshot();
    assertTrue(storage.check(List.of(one), DEADLINE).oneInstant());
    assertFalse(storage.check(List.of(one, two), DEADLINE).oneInstant());
  }

  @Test
  void theTimeOfASnapshotIsRead() {
    assertTrue(RbdTime.read("Wed Nov 25 17:22:31 2026").isPresent());
    assertTrue(RbdTime.read("Wed Nov  4 07:02:31 2026").isPresent());
    assertEquals(Optional.empty(), RbdTime.read("yesterday"));
  }

  @Test
  void withoutTheProgramItIsMissing() {
    var none =
        new Programs() {
          @Override
          public String place() {
            return "a test";
          }

          @Override
          public Said run(List<String> command, Deadline deadline) throws IOException {
            throw new MissingProgramException(command.get(0), place());
          }

          @Override
          public Said runToEnd(List<String> command) throws IOException {
            throw new MissingProgramException(command.get(0), place());
          }
        };
    StorageSnapshot snapshot = plan(remote("rbd:p/i")).snapshot();
    assertThrows(
        MissingProgramException.class,
        () -> new RbdStorage(none).check(List.of(snapshot), DEADLINE));
    assertThrows(
        MissingProgramException.class,
        () -> new RbdStorage(none).cut(List.of(snapshot), "0a0b0c0d", DEADLINE));
  }
}
