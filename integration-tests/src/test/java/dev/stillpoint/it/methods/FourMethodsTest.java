package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.DescribedSnapshot;
import dev.stillpoint.backends.DiskSnapshots;
import dev.stillpoint.backends.DiskSnapshots.Flag;
import dev.stillpoint.backends.disks.DescribedDisk;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.disk.xml.DiskXml;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Pausing;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.testing.IdleMethod;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One guest whose four disks are cut by four methods: a qcow2 by QEMU, a raw image on a btrfs, one
 * on an XFS by reflink, and a logical volume by LVM on the array that owns it.
 */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FourMethodsTest {
  /** {@link FourMethodsOnArray} has twenty. */
  private static final int RUNS = 5;

  private static final List<String> METHODS = List.of("qemu", "btrfs", "reflink", "lvm");

  private FourDisks disks;

  @BeforeAll
  void start() {
    disks = FourDisks.start();
  }

  @AfterAll
  void end() {
    disks.close();
  }

  @Test
  void everyCutIsOneInstantAndClean() {
    for (int run = 0; run < RUNS; run++) {
      assertOneInstant(disks, "run" + run);
    }
    disks.machine().assertWritesOn();
  }

  /** Also for those who look at it more often. */
  static void assertOneInstant(FourDisks disks, String name) {
    // given
    long acknowledged = disks.acknowledged();
    // when
    SnapshotResult result = disks.take(disks.request(name));
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    assertEquals(GuestState.THAWED, result.guest());
    assertEquals(METHODS, result.disks().stream().map(disk -> disk.method()).toList());
    // Every file system is frozen, so that nobody has to pause the machine as well.
    assertTrue(result.paused().isZero(), result::toString);
    List<FrozenImage> images = disks.images(result);
    images.forEach(image -> assertGood(image.ext4()));
    assertOrder(images, acknowledged);
    images.forEach(FrozenImage::close);
    disks.forget(name);
  }

  @Test
  void withoutAFreezeThePausedMachineMakesThemOneInstant() {
    // given
    long acknowledged = disks.acknowledged();
    // when
    SnapshotResult result = disks.take(disks.request("paused").quiesce(Quiesce.NEVER));
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.CRASH, result.consistency(), result::toString);
    assertEquals(GuestState.NEVER_FROZEN, result.guest());
    assertFalse(result.paused().isZero(), result::toString);
    List<FrozenImage> images = disks.images(result);
    assertOrder(images, acknowledged);
    images.forEach(FrozenImage::close);
    disks.forget("paused");
    disks.machine().assertWritesOn();
  }

  @Test
  void asLibvirtDescribesThemEachSaysWhatItsMethodMade() {
    // given
    List<String> before = disks.everything();
    List<DescribedDisk> described = disks.xml().stream().map(DescribedDisk::parse).toList();
    long acknowledged = disks.acknowledged();
    // when
    DescribedSnapshot taken =
        DiskSnapshots.start(disks.engine(), described, disks.unnamed("described"))
            .result()
            .toCompletableFuture()
            .join();
    // then
    SnapshotResult result = taken.result();
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    assertEquals(METHODS, taken.disks().stream().map(disk -> disk.snapshot().method()).toList());
    for (int i = 0; i < METHODS.size(); i++) {
      DescribedSnapshot.Disk disk = taken.disks().get(i);
      assertEquals(
          disk.snapshot().modifiedDisk(),
          disk.modifiedDiskXml().flatMap(xml -> DiskXml.parse(xml).description().source()));
      assertEquals(i == 0, disk.modifiedDiskXml().isPresent(), disk::toString);
      assertEquals(i < 3, disk.backupSourceXml().isPresent(), disk::toString);
      disk.backupSourceXml()
          .ifPresent(source ->
              assertEquals(
                  Optional.of(disk.snapshot().backupSource()),
                  read(source, disk.snapshot().backupSource().format())));
    }
    // An array's volume has no name in libvirt's XML.
    String place = taken.disks().get(3).snapshot().backupSource().address();
    assertTrue(place.endsWith(" /dev/vg/disk.described"), place);
    List<String> untold =
        result.warnings().stream().filter(warning -> warning.contains("has no XML")).toList();
    assertEquals(1, untold.size(), result::toString);
    assertTrue(untold.get(0).startsWith("the backup source of 'vd3' has"), untold::toString);
    // and while the guest writes on, a backup reads what was then
    disks.machine().assertWritesOn();
    List<FrozenImage> images = disks.images(result);
    images.forEach(image -> assertGood(image.ext4()));
    assertOrder(images, acknowledged);
    images.forEach(FrozenImage::close);
    disks.forget("described");
    assertEquals(
        described.get(0).description().source(),
        disks.delete(SelectedDisk.named("vd0").withMethod("qemu"), "described"));
    assertEquals(before, disks.everything());
    disks.machine().assertWritesOn();
  }

  /** One disk, and a method beside it in the place of its own. */
  @Test
  void theCallOfTheProposalWithAStoragesMethod() {
    // given
    List<String> before = disks.everything();
    var beside = Optional.of("<diskSnapshot method='reflink'/>");
    // when
    DescribedSnapshot taken =
        DiskSnapshots.create(
                disks.engine(), disks.xml().get(1), beside, "proposed", Set.of(Flag.QUIESCE))
            .result()
            .toCompletableFuture()
            .join();
    // then
    assertEquals(Outcome.SUCCEEDED, taken.result().outcome(), taken::toString);
    assertEquals(Consistency.FILESYSTEM, taken.result().consistency(), taken::toString);
    DescribedSnapshot.Disk disk = taken.disks().get(0);
    assertEquals("reflink", disk.snapshot().method());
    assertEquals(Optional.empty(), disk.modifiedDiskXml());
    DiskSource source = read(disk.backupSourceXml().orElseThrow(), "raw").orElseThrow();
    try (FrozenImage image = FrozenImage.of(FileDisks.file(source), "raw")) {
      assertGood(image.ext4());
    }
    disks.machine().assertWritesOn();
    disks.delete(SelectedDisk.named("vd1").withMethod("reflink"), "proposed");
    assertEquals(before, disks.everything());
  }

  /** A source by itself, as a disk of that format would have it. */
  private static Optional<DiskSource> read(String source, String format) {
    String disk = "<disk type='file'><driver type='" + format + "'/>" + source + "</disk>";
    return DiskXml.parse(disk).description().source();
  }

  @Test
  void withNeitherTheResultClaimsNothing() {
    // when
    SnapshotResult result =
        disks.take(disks.request("apart").quiesce(Quiesce.NEVER).pausing(Pausing.FORBIDDEN));
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.NONE, result.consistency(), result::toString);
    assertTrue(result.paused().isZero(), result::toString);
    disks.forget("apart");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void whereOneFailsNoneRemains(int position) {
    // given
    List<String> before = disks.everything();
    List<SelectedDisk> chosen = new ArrayList<>(disks.selected());
    chosen.set(position, SelectedDisk.named("vd" + position).withMethod(Failing.NAME));
    // when
    SnapshotResult result = disks.take(disks.request("failing").withDisks(chosen), new Failing());
    // then
    assertEquals(Outcome.FAILED, result.outcome(), result::toString);
    assertEquals("the pool is full", result.error().orElseThrow().message());
    assertEquals(GuestState.THAWED, result.guest());
    assertEquals(before, disks.everything());
    disks.machine().assertWritesOn();
  }

  private static void assertOrder(List<FrozenImage> images, long acknowledged) {
    List<Long> numbers = images.stream().map(FrozenImage::ext4Sequence).toList();
    assertGood(new WriteOrder(numbers, acknowledged).judge());
  }

  private static void assertGood(Finding finding) {
    assertTrue(finding.good(), finding::seen);
  }

  /** Everything about it is well until it is to cut. */
  private static final class Failing extends IdleMethod {
    static final String NAME = "failing";

    Failing() {
      super(NAME);
    }

    @Override
    public CompletionStage<CutReport> cut(Deadline deadline) {
      return CompletableFuture.failedFuture(new IllegalStateException("the pool is full"));
    }

    @Override
    public CompletionStage<Settlement> settle(Deadline deadline) {
      return CompletableFuture.completedFuture(
          new Settlement(Settlement.State.NOT_APPLIED, List.of(), List.of()));
    }
  }
}
