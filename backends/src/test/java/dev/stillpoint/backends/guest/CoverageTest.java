package dev.stillpoint.backends.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutDisk.PciAddress;
import dev.stillpoint.core.spi.CutDisk.ScsiAddress;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.qga.qapi.GuestDiskAddress;
import dev.stillpoint.qga.qapi.GuestDiskBusType;
import dev.stillpoint.qga.qapi.GuestFilesystemInfo;
import dev.stillpoint.qga.qapi.GuestPCIAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which file systems lie on which disks, and what of them a freeze is to bring to rest. */
class CoverageTest {
  private static final CutDisk VD0 = virtio("vd0", 1);
  private static final CutDisk VD1 = virtio("vd1", 2);

  private static CutDisk virtio(String name, int slot) {
    return new CutDisk(
        name,
        Optional.empty(),
        Optional.of(new PciAddress(0, 0, slot, 0)),
        Optional.empty(),
        Set.of());
  }

  private static CutDisk scsi(String name, String serial, int target) {
    return new CutDisk(
        name,
        Optional.of(serial),
        Optional.of(new PciAddress(0, 0, 5, 0)),
        Optional.of(new ScsiAddress(0, target, 0)),
        Set.of());
  }

  private static GuestDiskAddress onPci(int slot) {
    return disk(null, "virtio", slot, 0);
  }

  private static GuestDiskAddress disk(@Nullable String serial, String bus, int slot, int target) {
    var pci = new GuestPCIAddress(slot < 0 ? -1 : 0, slot < 0 ? -1 : 0, slot, 0);
    return new GuestDiskAddress(pci, GuestDiskBusType.of(bus), 0, target, 0, serial, null, null);
  }

  private static GuestFilesystemInfo mounted(String at, String type, GuestDiskAddress... disks) {
    return new GuestFilesystemInfo("dev" + at, at, type, null, null, null, List.of(disks));
  }

  private static Coverage covering(
      FreezeScope scope, List<CutDisk> cut, GuestFilesystemInfo... mounted) {
    return new Coverage(List.of(mounted), new QuiesceOrder(scope, cut));
  }

  @Test
  void everythingIsFrozenByTheAgentsOwnCommand() {
    FreezePlan plan =
        covering(
                FreezeScope.everything(),
                List.of(VD0, VD1),
                mounted("/", "ext4", onPci(1)),
                mounted("/var", "xfs", onPci(2)))
            .plan()
            .orElseThrow();

    assertEquals(new FreezePlan(List.of(), 2, List.of(), List.of(), true), plan);
  }

  @Test
  void whatMayBeWrittenPastEveryFileSystemIsNotAtRest() {
    // given a disk without a file system, one that nobody places, and one that cannot freeze
    List<FreezePlan> plans =
        List.of(
            covering(FreezeScope.everything(), List.of(VD0, VD1), mounted("/", "ext4", onPci(1)))
                .plan()
                .orElseThrow(),
            covering(
                    FreezeScope.everything(),
                    List.of(VD0),
                    mounted("/", "ext4", onPci(1)),
                    mounted("/somewhere", "ext4"))
                .plan()
                .orElseThrow(),
            covering(
                    FreezeScope.everything(),
                    List.of(VD0),
                    mounted("/", "ext4", onPci(1)),
                    mounted("/boot", "vfat", onPci(1)))
                .plan()
                .orElseThrow());
    // then
    for (FreezePlan plan : plans) {
      assertFalse(plan.everyWriter(), plan::toString);
    }
  }

  @Test
  void theChosenDisksLeaveTheOtherFileSystemsAlone() {
    FreezePlan plan =
        covering(
                FreezeScope.chosenDisks(),
                List.of(VD0),
                mounted("/", "ext4", onPci(1)),
                mounted("/var", "xfs", onPci(2)))
            .plan()
            .orElseThrow();

    assertEquals(List.of("/"), plan.mountpoints());
    assertEquals(1, plan.expected());
    assertTrue(plan.notCovered().toString().contains("/var"), plan::toString);
  }

  @Test
  void aFileSystemOfWhichNobodyKnowsWhereItLiesIsFrozenToo() {
    FreezePlan plan =
        covering(
                FreezeScope.chosenDisks(),
                List.of(VD0),
                mounted("/", "ext4", onPci(1)),
                mounted("/somewhere", "ext4"),
                mounted("/var", "xfs", onPci(2)))
            .plan()
            .orElseThrow();

    assertEquals(List.of("/", "/somewhere"), plan.mountpoints());
  }

  @Test
  void addressesThatNeverMatchAreNotTrustedToLeaveAnythingOut() {
    FreezePlan plan =
        covering(
                FreezeScope.chosenDisks(),
                List.of(VD0, VD1),
                mounted("/", "ext4", onPci(7)),
                mounted("/var", "xfs", onPci(8)))
            .plan()
            .orElseThrow();

    assertEquals(List.of(), plan.mountpoints());
    assertEquals(2, plan.expected());
  }

  @Test
  void aSerialNumberCountsBeforeTheAddress() {
    DiskMatch match =
        DiskMatch.of(
            mounted("/", "ext4", disk("0QEMU_QEMU_HARDDISK_blue", "scsi", -1, 0)),
            List.of(scsi("hd0", "red", 0), scsi("hd1", "blue", 1)));

    assertEquals(new DiskMatch(Set.of("hd1"), false, false), match);
  }

  @Test
  void aLongSerialNumberIsShownToTheGuestInPart() {
    var cut =
        new CutDisk(
            "vd0",
            Optional.of("0123456789012345678901234"),
            Optional.empty(),
            Optional.empty(),
            Set.of());

    DiskMatch match =
        DiskMatch.of(
            mounted("/", "ext4", disk("01234567890123456789", "virtio", -1, 0)), List.of(cut));

    assertEquals(Set.of("vd0"), match.on());
  }

  @Test
  void disksOnOneScsiControllerAreToldApartByTheirPlace() {
    DiskMatch match =
        DiskMatch.of(
            mounted("/", "ext4", disk(null, "scsi", 5, 1)),
            List.of(scsi("hd0", "red", 0), scsi("hd1", "blue", 1)));

    assertEquals(Set.of("hd1"), match.on());
  }

  @Test
  void aFileSystemThatSpansAnUncutDiskIsWarnedOf() {
    FreezePlan plan =
        covering(
                FreezeScope.everything(),
                List.of(VD0),
                mounted("/pool", "btrfs", onPci(1), onPci(2)))
            .plan()
            .orElseThrow();

    assertTrue(plan.warnings().toString().contains("incomplete"), plan::toString);
  }

  @Test
  void aFileSystemOnAnUncutDiskIsNotCovered() {
    FreezePlan plan =
        covering(
                FreezeScope.everything(),
                List.of(VD0),
                mounted("/", "ext4", onPci(1)),
                mounted("/other", "ext4", onPci(2)))
            .plan()
            .orElseThrow();

    assertTrue(plan.notCovered().toString().contains("/other"), plan::toString);
  }

  @Test
  void aDiskWithoutAFileSystemIsWarnedOf() {
    FreezePlan plan =
        covering(FreezeScope.everything(), List.of(VD0, VD1), mounted("/", "ext4", onPci(1)))
            .plan()
            .orElseThrow();

    assertTrue(plan.warnings().toString().contains("vd1"), plan::toString);
  }

  @Test
  void whatCannotFreezeIsNotWaitedForAndSaidToStayOut() {
    FreezePlan plan =
        covering(
                FreezeScope.everything(),
                List.of(VD0),
                mounted("/", "ext4", onPci(1)),
                mounted("/boot/efi", "vfat", onPci(1)))
            .plan()
            .orElseThrow();

    assertEquals(1, plan.expected());
    assertEquals(List.of(), plan.mountpoints());
    assertTrue(plan.notCovered().toString().contains("/boot/efi"), plan::toString);
  }

  @Test
  void anExcludedMountPointIsLeftOutAndNamed() {
    FreezePlan plan =
        covering(
                FreezeScope.everything().without("/stuck"),
                List.of(VD0),
                mounted("/", "ext4", onPci(1)),
                mounted("/stuck", "ext4", onPci(1)))
            .plan()
            .orElseThrow();

    assertEquals(List.of("/"), plan.mountpoints());
    assertTrue(plan.notCovered().toString().contains("excluded by the caller"), plan::toString);
  }

  @Test
  void withEverythingExcludedThereIsNothingToFreeze() {
    Coverage coverage =
        covering(
            FreezeScope.everything().without("/"), List.of(VD0), mounted("/", "ext4", onPci(1)));

    assertTrue(coverage.plan().isEmpty());
  }

  @Test
  void excludingTheOnlyOneOnTheChosenDisksDoesNotFreezeAllOthers() {
    Coverage coverage =
        covering(
            FreezeScope.chosenDisks().without("/stuck"),
            List.of(VD1),
            mounted("/", "ext4", onPci(1)),
            mounted("/stuck", "ext4", onPci(2)));

    assertTrue(coverage.plan().isEmpty());
  }

  @Test
  void twoDisksOnOneSataControllerAreToldApartBySerialNumberOnly() {
    List<CutDisk> disks = List.of(scsi("sda", "red", 0), scsi("sdb", "blue", 0));

    DiskMatch named =
        DiskMatch.of(mounted("/", "ext4", disk("QEMU_HARDDISK_blue", "sata", 5, 0)), disks);
    DiskMatch nameless = DiskMatch.of(mounted("/", "ext4", disk(null, "sata", 5, 0)), disks);

    assertEquals(new DiskMatch(Set.of("sdb"), false, false), named);
    assertEquals(new DiskMatch(Set.of(), false, true), nameless);
  }

  @Test
  void aSerialNumberThatIsWrittenInAnotherWayDoesNotMeanAnotherDisk() {
    var cut = new CutDisk("usb0", Optional.of("foo"), Optional.empty(), Optional.empty(), Set.of());

    DiskMatch match =
        DiskMatch.of(
            mounted("/", "ext4", disk("QEMU_HARDDISK_foo-0:0", "usb", -1, 0)), List.of(cut));

    assertEquals(new DiskMatch(Set.of(), false, true), match);
  }

  @Test
  void aMountPointThatTheGuestDoesNotHaveIsTold() {
    Coverage coverage =
        covering(
            FreezeScope.mountpoints(List.of("/", "/nowhere")),
            List.of(VD0),
            mounted("/", "ext4", onPci(1)));

    assertTrue(coverage.unknownMountpoint().orElseThrow().contains("/nowhere"));
  }

  @Test
  void aDeviceThatIsMountedTwiceFreezesOnce() {
    var one = new GuestFilesystemInfo("vda1", "/", "ext4", null, null, null, List.of(onPci(1)));
    var again =
        new GuestFilesystemInfo("vda1", "/bind", "ext4", null, null, null, List.of(onPci(1)));

    FreezePlan plan =
        covering(FreezeScope.everything(), List.of(VD0), one, again).plan().orElseThrow();

    assertEquals(1, plan.expected());
  }

  @Test
  void loopsAndNetworkDevicesAreWarnedOf() {
    var loop = new GuestFilesystemInfo("loop0", "/loop", "ext4", null, null, null, List.of());
    var nbd = new GuestFilesystemInfo("nbd0", "/far", "ext4", null, null, null, List.of());

    List<String> warnings =
        covering(FreezeScope.everything(), List.of(VD0), loop, nbd).plan().orElseThrow().warnings();

    assertEquals(2, warnings.size(), warnings::toString);
  }
}
