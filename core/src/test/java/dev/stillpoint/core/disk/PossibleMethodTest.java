package dev.stillpoint.core.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which methods the layers of a disk allow, and which of them is the default. */
class PossibleMethodTest {
  private static final Layer.File FILE = new Layer.File(Path.of("/vm/d"), "0:41", 257);
  private static final Layer.LogicalVolume VOLUME =
      new Layer.LogicalVolume(
          Path.of("/dev/mapper/vg-lv"), "253:0", "vg", "lv", Optional.empty(), Optional.empty());

  private static Layer.FileSystem system(String type, String part, Optional<Boolean> reflink) {
    return new Layer.FileSystem(
        type,
        Path.of("/vm"),
        "/dev/sda1",
        List.of(),
        Optional.of(part).filter(name -> !name.isEmpty()),
        reflink);
  }

  private static List<PossibleMethod> of(String format, Layer... under) {
    return named("/vm/d", format, under);
  }

  private static List<PossibleMethod> named(String name, String format, Layer... under) {
    var image = new Layer.Image(name, format, false, Optional.empty());
    var stack = new Layers.Stack(image, List.of(under));
    return PossibleMethod.of(new Layers("d", List.of(stack), List.of(), List.of()));
  }

  private static List<String> names(List<PossibleMethod> methods) {
    return methods.stream().map(PossibleMethod::method).toList();
  }

  @Test
  void anImageOnABtrfsInALogicalVolumeCanBeCutAtEachOfTheThree() {
    // when
    List<PossibleMethod> methods =
        of("qcow2", FILE, system("btrfs", "/sv", Optional.of(true)), VOLUME);
    // then
    assertEquals(
        List.of("qemu", "qemu-internal", "reflink", "btrfs", "lvm", "exec"), names(methods));
    assertEquals(VOLUME, methods.get(4).layer());
  }

  private static List<String> defaults(String format, Layer... under) {
    List<PossibleMethod> methods = of(format, under);
    return List.of(
        String.join(
            " ", names(methods.stream().filter(one -> one.standard().inMachine()).toList())),
        String.join(" ", names(methods.stream().filter(one -> one.standard().bare()).toList())));
  }

  @Test
  void aVolumeIsCutByItsOwnUnlessItHoldsAnImage() {
    // given
    var zvol = new Layer.Zvol(Path.of("/dev/zd0"), "230:0", "tank/v");
    // when, then
    assertEquals(List.of("lvm", "lvm"), defaults("raw", VOLUME));
    assertEquals(List.of("qemu", "lvm"), defaults("qcow2", VOLUME));
    assertEquals(List.of("zfs", "zfs"), defaults("raw", zvol));
    assertEquals("lvm", PossibleMethod.inMachine("raw", List.of(VOLUME)));
    assertEquals("qemu", PossibleMethod.inMachine("qcow2", List.of(VOLUME)));
  }

  @Test
  void aFileIsCutByQemuAndWithoutAMachineByItsFileSystem() {
    // when, then
    assertEquals(
        List.of("qemu", "reflink"),
        defaults("raw", FILE, system("btrfs", "/sv", Optional.of(true)), VOLUME));
    assertEquals(
        List.of("qemu", "btrfs"),
        defaults("raw", FILE, system("btrfs", "/sv", Optional.of(false))));
    assertEquals(
        List.of("qemu", "zfs"), defaults("raw", FILE, system("zfs", "tank/vm", Optional.empty())));
    // What lies further below holds other things too, and is not taken unasked.
    assertEquals(
        List.of("qemu", ""), defaults("raw", FILE, system("ext4", "", Optional.of(false)), VOLUME));
  }

  @Test
  void reflinkIsOfferedWhereItCanWorkAndWhereThatIsNotKnown() {
    // when, then
    assertTrue(names(of("raw", FILE, system("xfs", "", Optional.of(true)))).contains("reflink"));
    assertTrue(names(of("raw", FILE, system("xfs", "", Optional.empty()))).contains("reflink"));
    assertEquals(
        List.of("qemu", "exec"), names(of("raw", FILE, system("xfs", "", Optional.of(false)))));
    assertEquals(
        List.of("qemu", "exec"), names(of("raw", FILE, system("ext4", "", Optional.of(false)))));
  }

  @Test
  void aDatasetAZvolAndACephImageHaveTheirOwn() {
    // given
    var rbd = new Layer.RbdImage("p", Optional.empty(), "i", Optional.empty());
    var zvol = new Layer.Zvol(Path.of("/dev/zd0"), "230:0", "tank/v");
    // when, then
    assertEquals(
        List.of("qemu", "zfs", "exec"),
        names(of("raw", FILE, system("zfs", "tank/vm", Optional.empty()))));
    assertEquals(List.of("qemu", "zfs", "exec"), names(of("raw", zvol)));
    assertEquals(List.of("qemu", "rbd", "exec"), names(of("raw", rbd)));
    assertEquals("rbd", PossibleMethod.inMachine("raw", List.of(rbd)));
    assertEquals("rbd", PossibleMethod.inMachine("rbd", List.of(rbd)), "no format above it");
    assertEquals("qemu", PossibleMethod.inMachine("qcow2", List.of(rbd)));
  }

  @Test
  void whereQemuItselfIsTheClientOfCephItCanHaveASnapshotMade() {
    // given
    var rbd = new Layer.RbdImage("p", Optional.empty(), "i", Optional.empty());
    // when, then
    assertEquals(
        List.of("qemu", "qemu-internal", "rbd", "exec"), names(named("rbd:p/i", "raw", rbd)));
    assertEquals(
        List.of("qemu", "qemu-internal", "rbd", "exec"), names(named("rbd:p/i", "rbd", rbd)));
    assertEquals(
        List.of("qemu", "rbd", "exec"),
        names(named("/dev/rbd0", "raw", rbd)),
        "the kernel is its client");
  }
}
