package dev.stillpoint.backends.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.stillpoint.backends.layers.DeviceTree.Step;
import dev.stillpoint.core.disk.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Block devices, read from a tree with the shape of the kernel's {@code /sys}. */
class DeviceTreeTest {
  private static final Optional<String> NONE = Optional.empty();

  @TempDir private Path directory;
  private Path sys = Path.of("");
  private Path dev = Path.of("");
  private DeviceTree tree = new DeviceTree(sys, dev);

  @BeforeEach
  void plant() throws IOException {
    Path root = directory.toRealPath();
    sys = Files.createDirectories(root.resolve("sys"));
    dev = Files.createDirectories(root.resolve("dev"));
    Files.createDirectories(sys.resolve("dev/block"));
    Files.createDirectories(sys.resolve("block"));
    tree = new DeviceTree(sys, dev);
  }

  private Path device(String place, String number) throws IOException {
    Path made = Files.createDirectories(sys.resolve("devices/virtual/block").resolve(place));
    write(made.resolve("dev"), number);
    Files.createSymbolicLink(sys.resolve("dev/block").resolve(number), made);
    return made;
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text + "\n");
  }

  private Path mapped(int minor, String name, String uuid, Path... slaves) throws IOException {
    Path made = device("dm-" + minor, "253:" + minor);
    write(made.resolve("dm/name"), name);
    write(made.resolve("dm/uuid"), uuid);
    for (Path slave : slaves) {
      Files.createDirectories(made.resolve("slaves"));
      Files.createSymbolicLink(made.resolve("slaves").resolve(slave.getFileName()), slave);
    }
    return made;
  }

  private Layer.LogicalVolume volume(String number, Step step) {
    Layer.LogicalVolume volume = assertInstanceOf(Layer.LogicalVolume.class, step.layer());
    assertEquals(number, volume.number());
    return volume;
  }

  @Test
  void aPartitionLiesOnItsWholeDevice() throws IOException {
    // given
    write(device("sda", "8:0").resolve("size"), "2048");
    write(device("sda/sda3", "8:3").resolve("partition"), "3");
    // when
    Step partition = tree.at("8:3");
    Step whole = tree.at("8:0");
    // then
    assertEquals(
        new Step(
            new Layer.Partition(dev.resolve("sda3"), "8:3", 3), List.of("8:0"), Optional.empty()),
        partition);
    assertEquals(
        new Layer.BlockDevice(dev.resolve("sda"), "8:0", Optional.of(1048576L)), whole.layer());
    assertEquals(List.of(), whole.devices());
  }

  @Test
  void aLoopDeviceLeadsToItsFileWhateverItsName() throws IOException {
    // given
    Path loop = device("loop7", "7:7");
    write(loop.resolve("loop/backing_file"), "/vm/a b\nc.img\n");
    write(loop.resolve("loop/offset"), "4096");
    // when
    Step step = tree.at("7:7");
    // then
    assertEquals(new Layer.Loop(dev.resolve("loop7"), "7:7", 4096), step.layer());
    assertEquals(Optional.of(Path.of("/vm/a b\nc.img\n")), step.file());
  }

  @Test
  void aLoopDeviceWithoutAFileIsABlockDevice() throws IOException {
    // given
    device("loop8", "7:8");
    // when, then
    assertEquals(
        new Layer.BlockDevice(dev.resolve("loop8"), "7:8", Optional.empty()),
        tree.at("7:8").layer());
  }

  @Test
  void aClassicVolumeIsNamedByItsGroupWithDoubledDashes() throws IOException {
    // given
    Path disk = device("sdb", "8:16");
    mapped(0, "my--vg-root--a", "LVM-abc", disk);
    // when
    Step step = tree.at("253:0");
    // then
    assertEquals(
        new Layer.LogicalVolume(
            dev.resolve("mapper/my--vg-root--a"), "253:0", "my-vg", "root-a", NONE, NONE),
        step.layer());
    assertEquals(List.of("8:16"), step.devices());
  }

  @Test
  void aThinVolumeNamesItsPoolAndLiesOnThePoolsDevices() throws IOException {
    // given the layers that LVM puts between a thin volume and its device
    Path disk = device("sdb", "8:16");
    Path meta = mapped(0, "vg-pool_tmeta", "LVM-a-tmeta", disk);
    Path data = mapped(1, "vg-pool_tdata", "LVM-b-tdata", disk);
    Path pool = mapped(2, "vg-pool-tpool", "LVM-c-tpool", meta, data);
    mapped(3, "vg-thin1", "LVM-d", pool);
    // when
    Step step = tree.at("253:3");
    // then
    assertEquals(Optional.of("pool"), volume("253:3", step).pool());
    assertEquals(NONE, volume("253:3", step).origin());
    assertEquals(List.of("8:16"), step.devices());
  }

  @Test
  void aClassicSnapshotNamesItsOriginAndTheOriginNamesNone() throws IOException {
    // given
    Path disk = device("sdb", "8:16");
    Path real = mapped(0, "vg-lv-real", "LVM-a-real", disk);
    Path cow = mapped(1, "vg-snap-cow", "LVM-b-cow", disk);
    mapped(2, "vg-lv", "LVM-c", real);
    mapped(3, "vg-snap", "LVM-d", real, cow);
    // when, then
    assertEquals(NONE, volume("253:2", tree.at("253:2")).origin());
    assertEquals(Optional.of("lv"), volume("253:3", tree.at("253:3")).origin());
    assertEquals(List.of("8:16"), tree.at("253:3").devices());
  }

  @Test
  void avolumeOverTwoDevicesLiesOnBoth() throws IOException {
    // given
    mapped(0, "vg-lv", "LVM-c", device("sdb", "8:16"), device("sdc", "8:32"));
    // when, then
    assertEquals(List.of("8:16", "8:32"), tree.at("253:0").devices());
  }

  @Test
  void anotherDeviceOfTheMapperIsNotTakenForAVolume() throws IOException {
    // given
    mapped(0, "secret", "CRYPT-LUKS2-f00-secret", device("sdb", "8:16"));
    // when
    Step step = tree.at("253:0");
    // then
    assertEquals(
        new Layer.Mapping(
            dev.resolve("mapper/secret"), "253:0", "secret", "CRYPT-LUKS2-f00-secret"),
        step.layer());
    assertEquals(List.of("8:16"), step.devices());
  }

  @Test
  void aMappedImageOfCephIsNamed() throws IOException {
    // given
    device("rbd0", "252:0");
    Path bus = sys.resolve("bus/rbd/devices/0");
    write(bus.resolve("pool"), "vms");
    write(bus.resolve("pool_ns"), "");
    write(bus.resolve("name"), "disk1");
    write(bus.resolve("current_snap"), "-");
    // when, then
    assertEquals(new Layer.RbdImage("vms", NONE, "disk1", NONE), tree.at("252:0").layer());
  }

  @Test
  void aZvolIsNamedByTheLinkThatLeadsToIt() throws IOException {
    // given
    device("zd0", "230:0");
    Files.createDirectories(dev.resolve("zvol/tank/vm"));
    Files.createSymbolicLink(dev.resolve("zvol/tank/vm/disk"), Path.of("../../../zd0"));
    // when, then
    assertEquals(
        new Layer.Zvol(dev.resolve("zd0"), "230:0", "tank/vm/disk"), tree.at("230:0").layer());
  }

  @Test
  void theDevicesOfABtrfsAreAllTold() throws IOException {
    // given
    Path one = device("sdb", "8:16");
    Path two = device("sdc", "8:32");
    Path devices = Files.createDirectories(sys.resolve("fs/btrfs/0a1b/devices"));
    Files.createSymbolicLink(devices.resolve("sdb"), one);
    Files.createSymbolicLink(devices.resolve("sdc"), two);
    Files.createDirectories(sys.resolve("fs/btrfs/features"));
    // when, then
    assertEquals(List.of("8:16", "8:32"), tree.ofBtrfs("8:16"));
    assertEquals(List.of("8:48"), tree.ofBtrfs("8:48"));
  }

  @Test
  void aNumberThatTheKernelDoesNotKnowIsTold() {
    // when, then
    assertInstanceOf(Layer.Unseen.class, tree.at("9:99").layer());
  }

  @Test
  void deviceNumbersAreUnpackedAsTheCLibraryPacksThem() {
    // when, then
    assertEquals("8:1", HostFile.shown(0x801));
    assertEquals("259:1048575", HostFile.shown(259L << 8 | 0xff | 0xfffL << 20));
    assertEquals("0:41", HostFile.shown(0x29));
  }
}
