package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.Diagnosis;
import dev.stillpoint.backends.Doctor;
import dev.stillpoint.backends.guest.Volume;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.testkit.guest.GuestConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which file systems stand still: ext4, XFS, btrfs and one on LVM in one guest. */
@Timeout(180)
@SuppressWarnings("NullAway.Init")
class FreezeScopeTest {
  private static final List<String> ALL = List.of("/data0", "/data1", "/data2", "/data3");

  /** Looking at four file systems takes its time, and the guest is held meanwhile. */
  private static final Duration WINDOW = Duration.ofSeconds(60);

  private static ProxiedMachine proxied;

  @BeforeAll
  static void start() {
    proxied = ProxiedMachine.withDirectAgent(GuestConfig.fourFileSystems());
  }

  @AfterAll
  static void stop() {
    proxied.close();
  }

  /** Which file systems stand still while the disks are cut, as a writer in the guest finds. */
  private static Map<String, Boolean> frozenInTheHold(SnapshotRequest request) {
    var frozen = new TreeMap<String, Boolean>();
    SnapshotResult result =
        proxied.take(
            request.freezeWindow(WINDOW).timeout(WINDOW),
            () -> ALL.forEach(point -> frozen.put(point, proxied.guest.isFrozen(point))));
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    proxied.machine.assertWritesOn();
    return frozen;
  }

  private static Map<String, Boolean> only(String... points) {
    var expected = new TreeMap<String, Boolean>();
    ALL.forEach(point -> expected.put(point, List.of(points).contains(point)));
    return expected;
  }

  @Test
  void everythingStandsStill() {
    assertEquals(
        only("/data0", "/data1", "/data2", "/data3"),
        frozenInTheHold(SnapshotRequest.named("everything")));
  }

  @Test
  void oneMountPointStandsStillAndTheOthersKeepWriting() {
    assertEquals(
        only("/data1"),
        frozenInTheHold(SnapshotRequest.named("one").disk("vd1").mountpoints(List.of("/data1"))));
  }

  @Test
  void theDisksOfTheSnapshotStandStillAlsoUnderALogicalVolume() {
    assertEquals(
        only("/data2", "/data3"),
        frozenInTheHold(
            SnapshotRequest.named("disks")
                .disk("vd2")
                .disk("vd3")
                .freezeScope(FreezeScope.chosenDisks())));
  }

  @Test
  void anExcludedFileSystemKeepsWriting() {
    assertEquals(
        only("/data0", "/data2", "/data3"),
        frozenInTheHold(
            SnapshotRequest.named("without")
                .freezeScope(FreezeScope.everything().without("/data1"))));
  }

  @Test
  void theDoctorTellsWhichFileSystemLiesOnWhichDisk() {
    Diagnosis found =
        Doctor.examine(proxied.machine.monitor, List.of(), proxied.machine.agent, true);

    assertTrue(found.wouldWork(), found::toString);
    assertTrue(found.freezeTook().isPresent(), found::toString);
    var places = new TreeMap<String, Set<String>>();
    for (Volume volume : found.volumes()) {
      places.put(volume.mountpoint(), volume.disks());
    }
    assertEquals(
        Map.of(
            "/data0", Set.of("vd0"),
            "/data1", Set.of("vd1"),
            "/data2", Set.of("vd2"),
            "/data3", Set.of("vd3")),
        places);
    proxied.machine.assertWritesOn();
  }
}
