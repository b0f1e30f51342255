package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.backends.DescribedSnapshot;
import dev.stillpoint.backends.DiskSnapshots;
import dev.stillpoint.backends.DiskSnapshots.Flag;
import dev.stillpoint.backends.disks.DescribedDisk;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.xml.DiskDescription;
import dev.stillpoint.core.disk.xml.DiskXml;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.oracle.FrozenImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The call of the proposal, with libvirt's XML in and out, on a real guest. */
@Timeout(180)
class DescribedDisksGuestTest {
  private static final Set<Flag> QUIESCED = Set.of(Flag.QUIESCE);

  @TempDir private Path directory;

  private static String xml(Machine machine, int index, String more) {
    return """
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/>
      <source file='%s' index='1'/>
      <backingStore/>
      <target dev='vd%s' bus='virtio'/>
      <iotune><!-- kept --><total_bytes_sec>1</total_bytes_sec></iotune>
      <serial>disk%d</serial>
      %s
    </disk>\
    """
        .formatted(image(machine, index), "abc".charAt(index), index, more);
  }

  private static Path image(Machine machine, int index) {
    return machine.guest.directory().resolve("disk" + index + ".qcow2");
  }

  private static DescribedSnapshot take(Machine machine, String name, String... xml) {
    return take(machine, name, List.of(xml).stream().map(DescribedDisk::parse).toList());
  }

  private static DescribedSnapshot take(Machine machine, String name, List<DescribedDisk> disks) {
    var engine = machine.engine(builder -> builder);
    return DiskSnapshots.create(engine, disks, name, QUIESCED)
        .result()
        .toCompletableFuture()
        .join();
  }

  private static DiskDescription described(Optional<String> xml) {
    return DiskXml.parse(xml.orElseThrow()).description();
  }

  @Test
  void theExampleOfTheProposalTwiceInARow() {
    try (Machine machine = Machine.threeDisks()) {
      // given
      String xml = xml(machine, 0, "<diskSnapshot method='qemu'/>");
      // when
      var engine = machine.engine(builder -> builder);
      DescribedSnapshot first =
          DiskSnapshots.create(engine, xml, Optional.empty(), "first", QUIESCED)
              .result()
              .toCompletableFuture()
              .join();
      // then
      assertEquals(Outcome.SUCCEEDED, first.result().outcome(), first::toString);
      assertEquals(Consistency.FILESYSTEM, first.result().consistency());
      DescribedSnapshot.Disk disk = first.disks().get(0);
      Path overlay = machine.guest.directory().resolve("disk0.first.qcow2");
      assertEquals(
          xml.replace(image(machine, 0).toString(), overlay.toString())
              .replace(" index='1'", "")
              .replace("\n  <backingStore/>", ""),
          disk.modifiedDiskXml().orElseThrow(),
          "all else is as it was");
      assertEquals(
          Optional.of(new DiskSource.File(overlay, "qcow2")),
          described(disk.modifiedDiskXml()).source());
      assertTrue(
          disk.backupSourceXml().orElseThrow().contains("'" + image(machine, 0) + "'"),
          disk::toString);
      try (FrozenImage frozen = FrozenImage.of(image(machine, 0), "qcow2")) {
        assertTrue(frozen.ext4().good(), frozen.ext4()::seen);
      }
      // when: the XML from before, and the one that was given back
      DescribedSnapshot stale = take(machine, "stale", xml);
      DescribedSnapshot second = take(machine, "second", disk.modifiedDiskXml().orElseThrow());
      // then
      var refused = stale.result().error().orElseThrow();
      assertEquals(ErrorCode.DISK_UNSUITABLE, refused.code(), stale::toString);
      assertTrue(refused.message().contains("older than a snapshot"), refused::message);
      assertEquals(List.of(), stale.disks());
      assertEquals(Outcome.SUCCEEDED, second.result().outcome(), second::toString);
      assertTrue(
          second.disks().get(0).backupSourceXml().orElseThrow().contains(overlay.toString()),
          second::toString);
      machine.assertWritesOn();
    }
  }

  @Test
  void twoDisksInOneCutInTheirOrder() {
    try (Machine machine = Machine.threeDisks()) {
      // when
      DescribedSnapshot taken = take(machine, "two", xml(machine, 2, ""), xml(machine, 0, ""));
      // then
      assertEquals(Outcome.SUCCEEDED, taken.result().outcome(), taken::toString);
      assertEquals(1, taken.result().commandsInHold());
      assertEquals(
          List.of("vd2", "vd0"), taken.disks().stream().map(one -> one.snapshot().disk()).toList());
      assertTrue(taken.disks().get(0).modifiedDiskXml().orElseThrow().contains("disk2.two.qcow2"));
      machine.assertWritesOn();
    }
  }

  @Test
  void aVolumeOfAPoolIsKnownByItsSerialAndStaysOneWhereABackupReadsIt() {
    try (Machine machine = Machine.threeDisks()) {
      // given
      String volume = "<source pool='default' volume='disk0.qcow2'/>";
      String xml =
          "<disk type='volume'><driver type='qcow2'/>"
              + volume
              + "<target dev='vda'/><serial>disk0</serial></disk>";
      // when
      DescribedSnapshot taken = take(machine, "volume", xml);
      // then
      assertEquals(Outcome.SUCCEEDED, taken.result().outcome(), taken::toString);
      DescribedSnapshot.Disk disk = taken.disks().get(0);
      assertEquals(Optional.of(volume), disk.backupSourceXml());
      assertEquals(
          disk.snapshot().modifiedDisk(),
          described(disk.modifiedDiskXml()).source(),
          disk::toString);
    }
  }

  @Test
  void aSnapshotInsideTheImageHasNoXmlAndTheResultSaysSo() {
    try (Machine machine = Machine.threeDisks()) {
      // given: the disk says qemu, and the caller something else
      DescribedDisk disk =
          DescribedDisk.parse(xml(machine, 0, "<diskSnapshot method='qemu'/>"))
              .withMethod("<diskSnapshot method='qemu-internal'/>");
      // when
      DescribedSnapshot taken = take(machine, "inside", List.of(disk));
      // then
      assertEquals(Outcome.SUCCEEDED, taken.result().outcome(), taken::toString);
      DescribedSnapshot.Disk one = taken.disks().get(0);
      assertEquals("qemu-internal", one.snapshot().method());
      assertEquals(Optional.empty(), one.modifiedDiskXml());
      assertEquals(Optional.empty(), one.backupSourceXml());
      assertTrue(one.snapshot().backupSource() instanceof DiskSource.Internal, one::toString);
      assertTrue(
          taken.result().warnings().toString().contains("the backup source of 'vd0' has no XML"),
          taken::toString);
      machine.assertWritesOn();
    }
  }

  @Test
  void theXmlOfAnotherDiskIsRefusedAndADryRunLeavesNothing() {
    try (Machine machine = Machine.threeDisks()) {
      // given
      String wrong = xml(machine, 0, "").replace(">disk0<", ">disk1<");
      // then
      DescribedSnapshot refused = take(machine, "wrong", wrong);
      machine.assertRefused(
          refused.result(), ErrorCode.DISK_UNSUITABLE, "its serial 'disk1' is that of 'vd1'");
      var engine = machine.engine(builder -> builder);
      DescribedSnapshot dry =
          DiskSnapshots.create(
                  engine, xml(machine, 0, ""), Optional.empty(), "dry", Set.of(Flag.DRY_RUN))
              .result()
              .toCompletableFuture()
              .join();
      assertEquals(Outcome.SUCCEEDED, dry.result().outcome(), dry::toString);
      assertEquals(List.of(), dry.disks());
      machine.assertNothingLeft();
    }
  }

  @Test
  void onTheCommandLine() throws Exception {
    try (Machine machine = Machine.threeDisks()) {
      // given
      machine.agent.close();
      machine.monitor.close();
      Path first = Files.writeString(directory.resolve("a.xml"), xml(machine, 0, ""));
      Path second = Files.writeString(directory.resolve("b.xml"), xml(machine, 1, ""));
      Path overlay = machine.guest.directory().resolve("chosen.qcow2");
      Path method =
          Files.writeString(
              directory.resolve("m.xml"),
              "<diskSnapshot method='qemu'><overlay path='" + overlay + "'/></diskSnapshot>");
      // when
      Run run;
      try (var process =
          CommandLineProcess.start(
              Way.CLASS_PATH,
              directory,
              "snapshot",
              "--qmp",
              machine.guest.qmp().toString(),
              "--qga",
              machine.guest.agent().toString(),
              "--name",
              "xml",
              "--disk-xml",
              first.toString(),
              "--disk-xml",
              second.toString(),
              "--method-xml",
              method.toString(),
              "-o",
              "json")) {
        run = process.ended();
      }
      // then
      assertEquals(0, run.code(), run::toString);
      JsonNode told = new ObjectMapper().readTree(run.out());
      assertEquals("filesystem", told.path("consistency").asText(), run.out());
      assertEquals(2, told.path("disks").size(), run.out());
      JsonNode disk = told.path("disks").get(1);
      assertEquals(
          Optional.of(new DiskSource.File(overlay, "qcow2")),
          described(Optional.of(disk.path("modifiedDiskXml").asText())).source());
      assertTrue(
          disk.path("backupSourceXml").asText().contains(image(machine, 1).toString()), run.out());
    }
  }
}
