package dev.stillpoint.core.disk.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.MethodChoice;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is understood of a disk's XML. */
class DiskXmlTest {
  @Test
  void allThatAFileSaysIsTold() {
    // given
    String xml =
        """
        <disk type='file' device='disk'>
          <driver name='qemu' type='qcow2' cache='none' io='native'/>
          <source file='/vm/root.qcow2' index='2'/>
          <target dev='vda' bus='virtio'/>
          <serial>SP-0001</serial>
          <alias name='ua-root'/>
          <address type='pci' domain='0x0000' bus='0x04' slot='0x1f' function='0x7'/>
          <diskSnapshot method='lvm'><device path='/dev/vg/lv4'/></diskSnapshot>
        </disk>
        """;
    // when
    DiskDescription told = DiskXml.parse(xml).description();
    // then
    assertEquals(
        new DiskDescription(
            DiskDescription.Device.DISK,
            Optional.of(new DiskSource.File(Path.of("/vm/root.qcow2"), "qcow2")),
            "qcow2",
            Optional.of("vda"),
            Optional.of("virtio"),
            Optional.of("SP-0001"),
            Optional.of(new DiskAddress.Pci(0, 4, 31, 7)),
            Optional.of("ua-root"),
            false,
            false,
            Optional.of(new MethodChoice("lvm", Map.of("device", "/dev/vg/lv4")))),
        told);
  }

  @Test
  void whatIsNotSaidIsWhatLibvirtTakesForIt() {
    // when
    DiskDescription told = DiskXml.parse("<disk><source file='/a'/></disk>").description();
    // then
    assertEquals(
        new DiskDescription(
            DiskDescription.Device.DISK,
            Optional.of(new DiskSource.File(Path.of("/a"), "raw")),
            "raw",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false,
            false,
            Optional.empty()),
        told);
  }

  @Test
  void aDeviceThatSeveralMayReadAtADrivesAddress() {
    // given
    String xml =
        """
        <disk type='block' device='lun'><readonly/><shareable/><source dev='/dev/vg/lv'/>
        <address type='drive' controller='1' bus='2' target='3' unit='40'/></disk>
        """;
    // when
    DiskDescription told = DiskXml.parse(xml).description();
    // then
    assertEquals(DiskDescription.Device.LUN, told.device());
    assertEquals(Optional.of(new DiskSource.Device(Path.of("/dev/vg/lv"), "raw")), told.source());
    assertEquals(Optional.of(new DiskAddress.Drive(1, 2, 3, 40)), told.address());
    assertTrue(told.readOnly());
    assertTrue(told.shareable());
  }

  @ParameterizedTest
  @CsvSource({
    "type='ccw' cssid='0xfe', ccw",
    "type='usb' bus='0' port='2', usb",
  })
  void anAddressOfAnotherKindIsKnownByItsType(String attributes, String type) {
    // given
    String xml = "<disk><source file='/a'/><address %s/></disk>".formatted(attributes);
    // then
    assertEquals(
        Optional.of(new DiskAddress.Other(type)), DiskXml.parse(xml).description().address());
  }

  @Test
  void anAddressThatIsLeftToLibvirtIsNone() {
    String xml = "<disk><source file='/a'/><address type='pci'/></disk>";
    assertEquals(Optional.empty(), DiskXml.parse(xml).description().address());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x20", "32", "-1", "", "0x", "12x", "0x100000000"})
  void anAddressThatIsNoneIsRefused(String slot) {
    String xml = "<disk><source file='/a'/><address type='pci' slot='%s'/></disk>".formatted(slot);
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
  }

  @ParameterizedTest
  @CsvSource({
    "pool/vm,,          pool, , vm,",
    "pool/vm, monday,   pool, , vm, monday",
    "pool/ns/vm,,       pool, ns, vm,",
    "pool/ns/vm@old,,   pool, ns, vm, old",
  })
  void anRbdImage(
      String name, String element, String pool, String namespace, String image, String snapshot) {
    // given
    String xml =
        "<disk type='network'><source protocol='rbd' name='%s'><host name='mon' port='6789'/>%s%s"
            .formatted(
                name,
                element == null ? "" : "<snapshot name='" + element + "'/>",
                "</source></disk>");
    // then
    assertEquals(
        Optional.of(
            new DiskSource.Rbd(
                pool, Optional.ofNullable(namespace), image, Optional.ofNullable(snapshot), "raw")),
        DiskXml.parse(xml).description().source());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vm", "/vm", "pool/", "a/b/c/d", "pool/vm@", "a//b"})
  void whatCannotBeAnRbdImageIsRefused(String name) {
    String xml = "<disk type='network'><source protocol='rbd' name='%s'/></disk>".formatted(name);
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
  }

  @Test
  void anRbdSnapshotThatIsNamedTwiceIsRefused() {
    String xml =
        "<disk type='network'><source protocol='rbd' name='p/i@a'><snapshot name='b'/></source>"
            + "</disk>";
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
  }

  @Test
  void aVolumeOfAPool() {
    String xml =
        "<disk type='volume'><driver type='qcow2'/><source pool='fast' volume='a b.qcow2'/></disk>";
    assertEquals(
        Optional.of(new DiskSource.Pooled("fast", "a b.qcow2", "qcow2")),
        DiskXml.parse(xml).description().source());
  }

  @ParameterizedTest
  @CsvSource({
    "protocol='nbd' name='export', <host name='h' port='10809'/>, nbd://h:10809/export",
    "protocol='nbd', <host transport='unix' socket='/run/n'/>, nbd:///run/n",
    "protocol='iscsi' name='iqn.x/1', <host name='2001:db8::1'/>, iscsi://[2001:db8::1]/iqn.x/1",
    "protocol='gluster' name='v/i', <host name='a'/><host name='b'/>, 'gluster://a,b/v/i'",
    "protocol='https' name='i' query='token=secret', <host name='h'/>, https://h/i",
  })
  void otherProtocolsAreKeptByTheirAddressWithoutSecrets(
      String attributes, String hosts, String address) {
    String xml = "<disk type='network'><source %s>%s</source></disk>".formatted(attributes, hosts);
    assertEquals(
        Optional.of(new DiskSource.Remote(address, "raw")),
        DiskXml.parse(xml).description().source());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<disk device='cdrom'/>",
        "<disk type='block' device='cdrom'><target dev='sda'/></disk>",
        "<disk device='cdrom'><source startupPolicy='optional' index='1'/></disk>",
        "<disk device='floppy'><target dev='fda'/></disk>",
      })
  void aDriveMayHaveNoMedium(String xml) {
    // when
    DiskDescription told = DiskXml.parse(xml).description();
    // then
    assertEquals(Optional.empty(), told.source());
    assertEquals(told.device() == DiskDescription.Device.CDROM, told.readOnly());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<disk/>",
        "<disk><source/></disk>",
        "<disk><source dev='/dev/sda'/></disk>",
        "<disk type='block'><source file='/a'/></disk>",
        "<disk><source file=''/></disk>",
        "<disk><source file='relative'/></disk>",
        "<disk type='volume'><source pool='p'/></disk>",
        "<disk type='network'><source name='p/i'/></disk>",
        "<disk type='dir'><source dir='/a'/></disk>",
        "<disk type='nvme'><source type='pci'/></disk>",
        "<disk device='tape'><source file='/a'/></disk>",
        "<disk><source file='/a'/><source file='/b'/></disk>",
        "<disk><source file='/a'/><driver/><driver/></disk>",
        "<disk><source file='/a'/><target dev='a'/><target dev='b'/></disk>",
        "<disk><source file='/a'/><target/></disk>",
        "<disk><source file='/a'/><diskSnapshot method='a'/><diskSnapshot method='b'/></disk>",
        "<disk><source file='/a'/><diskSnapshot/></disk>",
      })
  void whatIsNoDiskThatCanBeUnderstoodIsRefused(String xml) {
    assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<domain><devices><disk><source file='/a'/></disk></devices></domain>",
        "<Disk/>",
        "<disk xmlns='urn:other'><source file='/a'/></disk>",
        "<q:disk xmlns:q='urn:other'><source file='/a'/></q:disk>",
      })
  void onlyADiskIsTakenForOne(String xml) {
    // when
    var refused = assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
    // then
    assertTrue(String.valueOf(refused.getMessage()).contains("a <disk> was expected"));
  }

  @Test
  void whatBelongsToANamespaceIsNotTakenForLibvirts() {
    // given
    String xml =
        "<disk xmlns:x='urn:x' x:type='block'><x:source file='/x'/><x:readonly/>"
            + "<source file='/a' x:file='/x'/></disk>";
    // when
    DiskDescription told = DiskXml.parse(xml).description();
    // then
    assertEquals(Optional.of(new DiskSource.File(Path.of("/a"), "raw")), told.source());
    assertFalse(told.readOnly());
  }

  @Test
  void whatLiesBelowAnotherElementIsNotTheDisks() {
    // given
    String xml =
        "<disk><backingStore type='file'><format type='raw'/><source file='/below'/><readonly/>"
            + "</backingStore><source file='/a'/></disk>";
    // when
    DiskDescription told = DiskXml.parse(xml).description();
    // then
    assertEquals(Optional.of(new DiskSource.File(Path.of("/a"), "raw")), told.source());
    assertFalse(told.readOnly());
  }

  @Test
  void referencesAndLineEndsMeanWhatXmlSaysTheyMean() {
    // given
    String xml =
        "<disk>\r\n<source file='/a&#10;&quot;&apos;&lt;&amp;&#x9;b\nc'/><serial>a<![CDATA[<&]]>"
            + "&gt;</serial></disk>";
    // when
    DiskDescription told = DiskXml.parse(xml).description();
    // then
    assertEquals(Optional.of(new DiskSource.File(Path.of("/a\n\"'<&\tb c"), "raw")), told.source());
    assertEquals(Optional.of("a<&>"), told.serial());
  }

  @Test
  void aComplaintNamesItsLine() {
    // given
    String xml =
        "<?xml version='1.0'?>\n<!-- two\r\nlines -->\r<disk>\n  <source file='b'/></disk>";
    // when
    var refused = assertThrows(DiskXmlException.class, () -> DiskXml.parse(xml));
    // then
    assertEquals(OptionalInt.of(5), refused.line());
    assertTrue(String.valueOf(refused.getMessage()).startsWith("line 5: "));
  }
}
