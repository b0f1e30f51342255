package dev.stillpoint.core.disk.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.DiskSource;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The XML of a disk whose bytes are somewhere else now. */
class ModifiedDiskTest {
  private static final DiskSource OVERLAY =
      new DiskSource.File(Path.of("/vm/root.nightly.qcow2"), "qcow2");

  private static String modified(String xml, DiskSource source) {
    return DiskXml.parse(xml).modifiedDisk(source);
  }

  @Test
  void onlyTheSourceChangesAndWhatWasToldOfTheOldChainGoes() {
    // given
    String xml =
        """
        <?xml version="1.0" encoding="UTF-16"?>
        <!-- root -->
        <disk   type="file" device='disk' snapshot='external'>
          <driver name='qemu' cache='none' type='qcow2'/>
          <source file='/vm/root.qcow2' index='3' startupPolicy="optional" fdgroup='g'>
            <seclabel model='dac' relabel='no'/>
            <slices><slice type='storage' offset='0' size='9'/></slices>
            <!-- stays -->
          </source>
          <backingStore type='file' index='4'>
            <format type='raw'/><source file='/vm/base'/><backingStore/>
          </backingStore>
          <mirror type='file'/>
          <target dev='vda' bus='virtio'/><?hint a="b"?>
          <x:note xmlns:x='urn:x' x:a='&#65;'><![CDATA[<kept>]]></x:note>
          <diskSnapshot method='qemu'/>
        </disk>
        """;
    // then
    assertEquals(
        """
        <?xml version="1.0" encoding="UTF-16"?>
        <!-- root -->
        <disk   type="file" device='disk' snapshot='external'>
          <driver name='qemu' cache='none' type='qcow2'/>
          <source file='/vm/root.nightly.qcow2' startupPolicy="optional">
            <seclabel model='dac' relabel='no'/>
            <!-- stays -->
          </source>
          <target dev='vda' bus='virtio'/><?hint a="b"?>
          <x:note xmlns:x='urn:x' x:a='&#65;'><![CDATA[<kept>]]></x:note>
          <diskSnapshot method='qemu'/>
        </disk>
        """,
        modified(xml, OVERLAY));
  }

  @Test
  void aDeviceBecomesAFileWithTheFormatOfIts() {
    // given
    String xml =
        """
        <disk type='block' device='disk'>
          <driver name='qemu' type='raw'/>
          <source dev='/dev/vg/lv' startupPolicy='optional'><encryption format='luks'/><seclabel
            model='dac'/><reservations managed='yes'/></source>
          <target dev='vda'/>
        </disk>
        """;
    // then
    assertEquals(
        """
        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2'/>
          <source file='/vm/root.nightly.qcow2' startupPolicy='optional'><seclabel
            model='dac'/></source>
          <target dev='vda'/>
        </disk>
        """,
        modified(xml, OVERLAY));
  }

  @Test
  void aDriverIsToldWhereTheDefaultIsNotTheFormat() {
    // given
    String xml = "<disk>\n  <source file='/a'/>\n</disk>";
    // then
    assertEquals(
        "<disk>\n  <driver type='qcow2'/>\n  <source file='/vm/root.nightly.qcow2'/>\n</disk>",
        modified(xml, OVERLAY));
    assertEquals(
        "<disk>\n  <source file='/b'/>\n</disk>",
        modified(xml, new DiskSource.File(Path.of("/b"), "raw")));
  }

  @Test
  void anImageOfRbdKeepsItsClusterAndItsUser() {
    // given
    String xml =
        """
        <disk type='network'><driver type='raw'/>
          <source protocol='rbd' name='pool/vm' index='1'>
            <host name='mon1'/><host name='mon2' port='6789'/><snapshot name='old'/>
            <auth username='admin'><secret type='ceph' uuid='u'/></auth><privateData/>
          </source></disk>
        """;
    var clone = new DiskSource.Rbd("pool", Optional.of("ns"), "b", Optional.empty(), "raw");
    // then
    assertEquals(
        """
        <disk type='network'><driver type='raw'/>
          <source protocol='rbd' name='pool/ns/b'>
            <host name='mon1'/><host name='mon2' port='6789'/>
            <auth username='admin'><secret type='ceph' uuid='u'/></auth>
          </source></disk>
        """,
        modified(xml, clone));
  }

  @Test
  void aFileOverAnImageOfRbdHasNothingOfTheCluster() {
    // given
    String xml =
        """
        <disk type='network'><driver type='raw'/>
          <auth username='a'/><encryption format='luks'/>
          <source protocol='rbd' name='pool/vm'><host name='mon1'/><seclabel model='dac'/></source>
        </disk>
        """;
    // then
    assertEquals(
        """
        <disk type='file'><driver type='qcow2'/>
          <source file='/vm/root.nightly.qcow2'/>
        </disk>
        """,
        modified(xml, OVERLAY));
  }

  @Test
  void anotherProtocolIsAnotherKind() {
    // given
    String xml =
        "<disk type='network'><source protocol='nbd' name='e'><host name='h'/></source></disk>";
    // then
    assertEquals(
        "<disk type='network'><source protocol='rbd' name='p/i'><snapshot name='s'/></source></disk>",
        modified(xml, new DiskSource.Rbd("p", Optional.empty(), "i", Optional.of("s"), "raw")));
  }

  @Test
  void theModeOfAPoolStaysWithThePool() {
    // given
    String xml = "<disk type='volume'><source pool='p' volume='v' mode='host'/></disk>";
    // then
    assertEquals(
        "<disk type='volume'><source pool='p' volume='w' mode='host'/></disk>",
        modified(xml, new DiskSource.Pooled("p", "w", "raw")));
    assertEquals(
        "<disk type='volume'><source pool='q' volume='v'/></disk>",
        modified(xml, new DiskSource.Pooled("q", "v", "raw")));
  }

  @Test
  void aDriveWithoutAMediumGetsOne() {
    // given
    var image = new DiskSource.File(Path.of("/cd.iso"), "raw");
    // then
    assertEquals(
        "<disk device='cdrom' type='file'><source file='/cd.iso'/></disk>",
        modified("<disk device='cdrom' type='block'/>", image));
    assertEquals(
        "<disk device='cdrom'><source file='/cd.iso'/></disk>",
        modified("<disk device='cdrom' />", image).replace(" >", ">"));
    assertEquals(
        "<disk device='cdrom'>\n <driver type='raw'/>\n <source file='/cd.iso'/>\n</disk>",
        modified("<disk device='cdrom'>\n <driver type='raw'/>\n</disk>", image));
    assertEquals(
        "<disk device='cdrom'>\n <driver type='qcow2'/>\n <source file='/c'/>\n <target dev='a'/></disk>",
        modified(
            "<disk device='cdrom'>\n <target dev='a'/></disk>",
            new DiskSource.File(Path.of("/c"), "qcow2")));
    assertEquals(
        "<disk device='cdrom'><source startupPolicy='optional' file='/cd.iso'/></disk>",
        modified("<disk device='cdrom'><source startupPolicy='optional'/></disk>", image));
  }

  @Test
  void theSourceThatItHasChangesNothing() {
    // given: even what would be dropped otherwise, and what could not be written
    String file =
        "<disk><source file='/a' index='1'/><backingStore/><encryption format='luks'/></disk>";
    String nbd =
        "<disk type='network'><source protocol='nbd' name='e'><host name='h'/></source></disk>";
    // then
    assertEquals(file, modified(file, new DiskSource.File(Path.of("/a"), "raw")));
    assertEquals(nbd, modified(nbd, DiskXml.parse(nbd).description().source().orElseThrow()));
  }

  @Test
  void anotherFormatOfTheSameFileIsAChange() {
    String xml = "<disk><driver type='raw'/><source file='/a'/><backingStore/></disk>";
    assertEquals(
        "<disk><driver type='qcow2'/><source file='/a'/></disk>",
        modified(xml, new DiskSource.File(Path.of("/a"), "qcow2")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a\u0001b", "/a\u001Fb", "/a\u0008"})
  void aPathThatXmlCannotHoldIsRefused(String path) {
    // when
    var refused =
        assertThrows(
            DiskXmlException.class,
            () ->
                modified(
                    "<disk><source file='/a'/></disk>", new DiskSource.File(Path.of(path), "raw")));
    // then: told by its number, since a terminal might obey it
    assertTrue(String.valueOf(refused.getMessage()).contains("U+00"));
    assertFalse(String.valueOf(refused.getMessage()).contains(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\uD800", "\uDC00a", "\uFFFE", "\uFFFF", "a\u0000"})
  void aNameThatXmlCannotHoldIsRefused(String volume) {
    assertThrows(
        DiskXmlException.class,
        () ->
            modified(
                "<disk><source file='/a'/></disk>", new DiskSource.Pooled("p", volume, "raw")));
  }

  @Test
  void aDiskThatIsPassedThroughGetsNoImageInItsPlace() {
    // given
    String xml = "<disk type='block' device='lun'><source dev='/dev/sdb'/></disk>";
    // then
    assertThrows(DiskXmlException.class, () -> modified(xml, OVERLAY));
    assertThrows(
        DiskXmlException.class,
        () -> modified(xml, new DiskSource.Device(Path.of("/dev/sdc"), "qcow2")));
    assertEquals(
        "<disk type='block' device='lun'><source dev='/dev/sdc'/></disk>",
        modified(xml, new DiskSource.Device(Path.of("/dev/sdc"), "raw")));
  }

  @Test
  void aPathOfBytesThatAreNoTextIsRefused() {
    // given: as text it would be the name of another file
    Path path = Path.of(URI.create("file:///vm/%FF"));
    // when
    var refused =
        assertThrows(
            DiskXmlException.class,
            () -> modified("<disk><source file='/a'/></disk>", new DiskSource.File(path, "raw")));
    // then
    assertTrue(String.valueOf(refused.getMessage()).contains("no text"));
  }

  @Test
  void whatCannotBeToldIsRefused() {
    // given
    String xml = "<disk><source file='/a'/></disk>";
    // then
    for (DiskSource source :
        new DiskSource[] {
          new DiskSource.Remote("nbd://h/e", "raw"),
          new DiskSource.File(Path.of("relative"), "raw"),
          new DiskSource.Pooled("", "v", "raw"),
          new DiskSource.Pooled("p", "", "raw"),
          new DiskSource.Rbd("p/q", Optional.empty(), "i", Optional.empty(), "raw"),
          new DiskSource.Rbd("p", Optional.of(""), "i", Optional.empty(), "raw"),
          new DiskSource.Rbd("p", Optional.empty(), "i@s", Optional.empty(), "raw"),
          new DiskSource.Rbd("p", Optional.empty(), "i", Optional.of(""), "raw"),
        }) {
      assertThrows(DiskXmlException.class, () -> modified(xml, source), source::toString);
    }
  }
}
