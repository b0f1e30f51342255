package dev.stillpoint.backends.zfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.MissingProgramException;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.PlannedSnapshot;
import dev.stillpoint.backends.storage.Prospect;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said to an OpenZFS, which has volumes and makes many snapshots by one command. */
class ZfsStorageTest {
  private static final Deadline DEADLINE = Deadline.after(Duration.ofMinutes(1));
  private static final StorageSnapshot ONE = new StorageSnapshot("tank/vm@n", Map.of());
  private static final StorageSnapshot TWO = new StorageSnapshot("tank/db@n", Map.of());
  private static final StorageSnapshot OTHER = new StorageSnapshot("pool2@n", Map.of());

  private final OpenZfs host = new OpenZfs();
  private final ZfsStorage storage = new ZfsStorage(host);

  /** Answers with properties that a test has set; a snapshot's name is nobody's. */
  private static final class OpenZfs implements Programs {
    private final Map<String, String> values =
        new HashMap<>(
            Map.of(
                "type", "filesystem",
                "available", "1000000",
                "usedbydataset", "5000",
                "refreservation", "0",
                "snapdev", "hidden"));
    private final List<List<String>> made = new ArrayList<>();
    private boolean imported = true;

    @Override
    public String place() {
      return "a test";
    }

    @Override
    public Said run(List<String> command, Deadline deadline) {
      String last = command.get(command.size() - 1);
      if (command.get(1).equals("get") && (last.contains("@") || !imported)) {
        return new Said(1, "", "cannot open '" + last + "': dataset does not exist\n");
      }
      if (command.get(1).equals("get")) {
        var out = new StringBuilder();
        for (String property : command.get(command.indexOf("-o") + 2).split(",", -1)) {
          out.append(String.join("\t", last, property, values.getOrDefault(property, "-"), "-"))
              .append('\n');
        }
        return new Said(0, out.toString(), "");
      }
      if (command.get(1).equals("destroy")) {
        return new Said(1, "", "could not find any snapshots to destroy; check snapshot names.\n");
      }
      return new Said(2, "", "cannot open 'a%': invalid character '%' in name\nusage: ...\n");
    }

    @Override
    public Said runToEnd(List<String> command) {
      if (command.stream().anyMatch(word -> word.contains("%"))) {
        return new Said(2, "", "invalid character '%' in name");
      }
      made.add(command);
      return new Said(0, "", "");
    }
  }

  @Test
  void oneCommandMakesTheSnapshotsOfAPool() throws IOException {
    // when
    Prospect prospect = storage.check(List.of(ONE, TWO), DEADLINE);
    storage.prepare(List.of(ONE, TWO), "0a0b0c0d", DEADLINE);
    assertEquals(List.of(), host.made);
    storage.cut(List.of(ONE, TWO), "0a0b0c0d", DEADLINE);
    // then
    assertTrue(prospect.oneInstant());
    assertEquals(
        List.of(
            List.of(
                "zfs",
                "snapshot",
                "-o",
                "dev.stillpoint:operation=0a0b0c0d",
                "tank/vm@n",
                "tank/db@n")),
        host.made);
  }

  @Test
  void poolsAreCutOneAfterTheOther() throws IOException {
    // when
    Prospect prospect = storage.check(List.of(ONE, OTHER, TWO), DEADLINE);
    storage.cut(List.of(ONE, OTHER, TWO), "0a0b0c0d", DEADLINE);
    // then
    assertFalse(prospect.oneInstant());
    assertEquals(2, host.made.size(), host.made::toString);
    assertEquals(List.of("tank/vm@n", "tank/db@n"), host.made.get(0).subList(4, 6));
  }

  @Test
  void aVolumeThatIsToldIsReadAtItsDeviceAndSaysThatItHasNone() throws IOException {
    // given
    host.values.put("type", "volume");
    // when
    PlannedSnapshot planned = storage.plan(told("tank/vol"), new SnapshotName("n"), DEADLINE);
    Prospect prospect = storage.check(List.of(planned.snapshot()), DEADLINE);
    // then
    assertEquals("tank/vol@n", planned.snapshot().name());
    assertEquals(
        new DiskSource.Device(Path.of("/dev/zvol/tank/vol@n"), "raw"), planned.backupSource());
    assertTrue(prospect.warnings().get(0).contains("snapdev=visible"), prospect::toString);
  }

  @Test
  void aVolumeOfAnotherMachineIsCutAndReadThere() throws IOException {
    // given
    host.values.put("type", "volume");
    var other = new OpenZfs();
    other.values.put("type", "volume");
    var both = new ZfsStorage(host, at -> other);
    LocatedDisk disk = told("tank/vol");
    var far =
        new LocatedDisk(
            disk.selected().withOption("at", "ssh:root@zfs"), disk.source(), disk.guest());
    // when
    StorageSnapshot here = both.plan(disk, new SnapshotName("n"), DEADLINE).snapshot();
    PlannedSnapshot planned = both.plan(far, new SnapshotName("n"), DEADLINE);
    Prospect prospect = both.check(List.of(here, planned.snapshot()), DEADLINE);
    both.cut(List.of(here, planned.snapshot()), "0a0b0c0d", DEADLINE);
    // then
    assertEquals(
        new DiskSource.Remote("ssh:root@zfs /dev/zvol/tank/vol@n", "raw"), planned.backupSource());
    assertEquals(Map.of("at", "ssh:root@zfs"), planned.snapshot().options());
    assertFalse(prospect.oneInstant());
    assertEquals(1, host.made.size());
    assertEquals(host.made, other.made);
  }

  @ParameterizedTest
  @ValueSource(strings = {"telnet:there", "ssh:-oProxyCommand=x", "qga:"})
  void whatIsNoMachineIsRefused(String at) {
    LocatedDisk disk = told("tank/vol");
    var far = new LocatedDisk(disk.selected().withOption("at", at), disk.source(), disk.guest());
    var refused =
        assertThrows(
            SnapshotException.class, () -> storage.plan(far, new SnapshotName("n"), DEADLINE));
    assertEquals(ErrorCode.BAD_REQUEST, refused.failure().code());
  }

  private static LocatedDisk told(String dataset) {
    return new LocatedDisk(
        SelectedDisk.named("vd0").withMethod("zfs").withOption("dataset", dataset),
        new DiskSource.Remote("iscsi://host/lun", "raw"),
        CutDisk.named("vd0"));
  }

  @Test
  void aVolumeWhoseReservationIsNotThereASecondTimeIsRefused() {
    // given a volume that is promised all that it holds, in a pool that has less than that
    host.values.putAll(Map.of("type", "volume", "available", "4999", "refreservation", "9000"));
    // when
    var refused =
        assertThrows(SnapshotException.class, () -> storage.check(List.of(ONE), DEADLINE));
    // then
    assertEquals(ErrorCode.NO_SPACE, refused.failure().code());
    assertTrue(refused.failure().message().contains("refreservation"));
  }

  @Test
  void whatIsKeptForAVolumeIsNotThereForItsSnapshot() throws IOException {
    // given a volume that may still write much, of which most is its own reservation
    host.values.putAll(
        Map.of("type", "volume", "available", "8999", "usedbyrefreservation", "4000"));
    host.values.put("refreservation", "9000");
    // when, then
    var refused =
        assertThrows(SnapshotException.class, () -> storage.check(List.of(ONE), DEADLINE));
    assertEquals(ErrorCode.NO_SPACE, refused.failure().code());
    host.values.put("available", "9000");
    storage.check(List.of(ONE), DEADLINE);
  }

  @Test
  void aPoolThatIsNearlyFullIsToldOf() throws IOException {
    // given
    host.values.put("available", "499");
    // when, then
    assertTrue(storage.check(List.of(ONE), DEADLINE).warnings().get(0).contains("only 499 bytes"));
  }

  @Test
  void ofAPoolThatIsNotImportedNothingIsCalledAbsent() {
    // given
    host.imported = false;
    // when, then
    assertThrows(SnapshotException.class, () -> storage.find(ONE, "0a0b0c0d", DEADLINE));
  }

  @Test
  void aSnapshotThatSomebodyHasDestroyedMeanwhileIsDeleted() throws IOException {
    storage.delete(ONE, DEADLINE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"tank/vm", "-r", "tank/vm@", "@n", "tank/vm@n,m", "tank/vm@n%x", "-r@n", ""})
  void onlyWhatNamesASnapshotIsDestroyed(String name) {
    assertThrows(
        IllegalArgumentException.class,
        () -> storage.delete(new StorageSnapshot(name, Map.of()), DEADLINE));
  }

  @Test
  void aNameThatIsTooLongIsRefused() {
    LocatedDisk disk = told("tank/" + "x".repeat(250));
    var refused =
        assertThrows(
            SnapshotException.class,
            () -> storage.plan(disk, new SnapshotName("nightly"), DEADLINE));
    assertEquals(ErrorCode.BAD_REQUEST, refused.failure().code());
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
    assertThrows(
        MissingProgramException.class, () -> new ZfsStorage(none).check(List.of(ONE), DEADLINE));
  }
}
