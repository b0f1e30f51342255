package dev.stillpoint.core.disk.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.core.disk.DiskSource;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The {@code <source>} of what a backup may read. */
class BackupSourceTest {
  private static String backup(String xml, DiskSource source) {
    return DiskXml.parse(xml).backupSource(source);
  }

  @Test
  void theDisksOwnSourceIsToldAsItWas() {
    // given
    String source = "<source  file=\"/a\" index='1'><!-- c --><slices/></source>";
    // then
    assertEquals(
        source, backup("<disk>" + source + "</disk>", new DiskSource.File(Path.of("/a"), "raw")));
  }

  @Test
  void theOwnSourceOfAnotherProtocolCanBeToldAndNoOther() {
    // given
    String source = "<source protocol='nbd' name='e'><host name='h'/></source>";
    String xml = "<disk type='network'>" + source + "</disk>";
    // then
    assertEquals(source, backup(xml, new DiskSource.Remote("nbd://h/e", "raw")));
    assertThrows(
        DiskXmlException.class, () -> backup(xml, new DiskSource.Remote("nbd://h/f", "raw")));
  }

  @Test
  void aSnapshotOfAVolumeIsADeviceAndIsReadAsTheVolumeIs() {
    // given
    String xml =
        """
        <disk type='block'><driver type='raw'/><source dev='/dev/vg/lv' index='1'>\
        <encryption format='luks'/></source></disk>
        """;
    // then
    assertEquals(
        "<source dev='/dev/vg/lv-nightly'><encryption format='luks'/></source>",
        backup(xml, new DiskSource.Device(Path.of("/dev/vg/lv-nightly"), "raw")));
    assertEquals(
        "<source file='/copy'><encryption format='luks'/></source>",
        backup(xml, new DiskSource.File(Path.of("/copy"), "raw")));
    assertEquals(
        "<source dev='/dev/vg/lv-nightly'/>",
        backup(xml, new DiskSource.Device(Path.of("/dev/vg/lv-nightly"), "qcow2"))
            .replace("></source>", "/>"));
  }

  @Test
  void aSnapshotOfAnImageOfRbdIsInTheSameClusterForTheSameUser() {
    // given
    String xml =
        """
        <disk type='network'>
          <source protocol='rbd' name='p/i'><host name='m'/><auth username='a'/></source>
        </disk>
        """;
    var snapshot = new DiskSource.Rbd("p", Optional.empty(), "i", Optional.of("night ly"), "raw");
    // then
    assertEquals(
        "<source protocol='rbd' name='p/i'><snapshot name='night ly'/><host name='m'/>"
            + "<auth username='a'/></source>",
        backup(xml, snapshot));
    assertEquals(
        "<source protocol='rbd' name='p/i'><snapshot name='night ly'/></source>",
        backup("<disk type='network'><source protocol='rbd' name='p/i'/></disk>", snapshot));
    assertEquals(
        "<source protocol='rbd' name='p/i'><snapshot name='night ly'/></source>",
        backup("<disk type='network'><source protocol='rbd' name='p/i@o'/></disk>", snapshot));
    assertEquals(
        "<source protocol='rbd' name='p/i'><snapshot name='night ly'/></source>",
        backup(
            "<disk type='network'><source protocol='rbd' name='p/i'><snapshot name='o'/></source>"
                + "</disk>",
            snapshot));
  }

  @Test
  void userAndSecretThatStandBesideTheSourceComeAlong() {
    // given
    String xml =
        "<disk type='network'><auth username='a'/><encryption format='luks'/>"
            + "<source protocol='rbd' name='p/i'/></disk>";
    // then
    assertEquals(
        "<source protocol='rbd' name='p/i'><snapshot name='s'/><auth username='a'/>"
            + "<encryption format='luks'/></source>",
        backup(xml, new DiskSource.Rbd("p", Optional.empty(), "i", Optional.of("s"), "raw")));
    assertEquals(
        "<source protocol='rbd' name='p/i'><auth username='a'/><encryption format='luks'/></source>",
        backup(xml, new DiskSource.Rbd("p", Optional.empty(), "i", Optional.empty(), "raw")));
    assertEquals("<source file='/a'/>", backup(xml, new DiskSource.File(Path.of("/a"), "qcow2")));
  }

  @Test
  void thePrefixesThatItUsesComeAlong() {
    // given
    String xml = "<disk xmlns:x='urn:x' xmlns:y='urn:y'><source file='/a'><x:n/></source></disk>";
    String redeclared =
        "<disk xmlns:x='urn:x'><source xmlns:x='urn:z' file='/a'><x:n/></source></disk>";
    // then
    assertEquals(
        "<source xmlns:x='urn:x' file='/a'><x:n/></source>",
        backup(xml, new DiskSource.File(Path.of("/a"), "raw")));
    assertEquals(
        "<source xmlns:x='urn:x' file='/b'><x:n/></source>",
        backup(xml, new DiskSource.File(Path.of("/b"), "raw")));
    assertEquals(
        "<source xmlns:x='urn:z' file='/a'><x:n/></source>",
        backup(redeclared, new DiskSource.File(Path.of("/a"), "raw")));
  }

  @Test
  void aDriveWithoutAMediumHasNoneOfItsOwn() {
    assertEquals(
        "<source pool='p' volume='&lt;v&gt;'/>",
        backup("<disk device='cdrom'/>", new DiskSource.Pooled("p", "<v>", "raw")));
  }
}
