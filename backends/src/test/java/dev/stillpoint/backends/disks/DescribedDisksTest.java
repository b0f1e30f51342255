package dev.stillpoint.backends.disks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.FakeQmpServer.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which disk of a machine the XML means, and that it is never another one. */
@Timeout(30)
class DescribedDisksTest {
  private static final String QCOW2 = "<driver type='qcow2'/>";

  @TempDir private Path directory;
  private final FakeQmpServer monitor = FakeQmpServer.start();
  private QmpClient client;

  /**
   * Three disks: vd0 writes to new.qcow2 over old.qcow2, a SCSI disk to b.raw, and a disk of Ceph.
   */
  @BeforeEach
  void machine() {
    String old = "{'filename':'/vm/old.qcow2','format':'qcow2','virtual-size':1048576}";
    String vd0 = node("n0", "qcow2", "/vm/new.qcow2", ",'backing-image':" + old);
    String sd1 = node("n1", "raw", "/vm/b.raw", "");
    String rbd = node("n2", "raw", "rbd:pool/image:id=admin:key=SECRET", "");
    monitor
        .on("query-block")
        .returns(
            "["
                + device("", "/machine/peripheral/vd0/virtio-backend", vd0)
                + ","
                + device("drive-scsi1", "scsi1", sd1)
                + ","
                + device("", "virtio-disk2", rbd)
                + "]");
    monitor.on("query-named-block-nodes").returns("[" + vd0 + "," + sd1 + "," + rbd + "]");
    monitor.on("query-block-jobs").returns("[]").on("query-block-exports").returns("[]");
    monitor
        .on("query-pci")
        .returns(
            "[{'bus':0,'devices':["
                + pci("vd0", 4)
                + ","
                + pci("ctl", 5)
                + ","
                + pci("virtio-disk2", 6)
                + "]}]");
    Map<String, String> properties =
        Map.of(
            "/machine/peripheral/vd0/virtio-backend serial", "'one'",
            "/machine/peripheral/scsi1 serial", "'two'",
            "/machine/peripheral/scsi1 channel", "0",
            "/machine/peripheral/scsi1 scsi-id", "3",
            "/machine/peripheral/scsi1 lun", "1",
            "/machine/peripheral/scsi1 parent_bus", "'/machine/peripheral/ctl/virtio-backend/b'");
    monitor.on("qom-get").answers(arguments -> property(properties, arguments));
    client = QmpClient.connect(monitor.endpoint()).join();
  }

  private static Answer property(Map<String, String> properties, JsonNode asked) {
    String value =
        properties.get(asked.path("path").asText() + " " + asked.path("property").asText());
    return value == null ? Answer.error("GenericError", "no such property") : Answer.value(value);
  }

  private static String node(String name, String format, String file, String more) {
    return "{'node-name':'%s','drv':'%s','ro':false,'file':'%s','image':{'filename':'%s','format':'%s','virtual-size':1048576%s}}"
        .formatted(name, format, file, file, format, more);
  }

  private static String device(String name, String qdev, String inserted) {
    return "{'device':'%s','qdev':'%s','type':'unknown','removable':false,'locked':false,'inserted':%s}"
        .formatted(name, qdev, inserted);
  }

  private static String pci(String id, int slot) {
    return "{'bus':0,'slot':%d,'function':0,'class_info':{'class':256},'id':{'device':1,'vendor':1},'irq_pin':0,'qdev_id':'%s','regions':[]}"
        .formatted(slot, id);
  }

  @AfterEach
  void closeBoth() {
    client.close();
    monitor.close();
  }

  private static String xml(String type, String inside) {
    return "<disk type='" + type + "' device='disk'>" + inside + "</disk>";
  }

  private static String file(String path, String more) {
    return xml("file", QCOW2 + "<source file='" + path + "'/>" + more);
  }

  private List<LocatedDisk> inMachine(String... xml) {
    return locate(Optional.of(client), xml);
  }

  private static List<LocatedDisk> bare(String... xml) {
    return locate(Optional.empty(), xml);
  }

  private static List<LocatedDisk> locate(Optional<QmpClient> client, String... xml) {
    var disks = Arrays.stream(xml).map(DescribedDisk::parse).toList();
    return new DescribedDisks(client, disks)
        .locate(List.of(), Deadline.after(Duration.ofSeconds(20)))
        .toCompletableFuture()
        .join()
        .disks();
  }

  private static Failure refused(org.junit.jupiter.api.function.Executable locating) {
    var thrown = assertThrows(CompletionException.class, locating);
    return SnapshotException.failureOf(thrown, ErrorCode.INTERNAL);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "by its source        | vd0          | file    | qcow2 | file='/vm/new.qcow2' |",
        "by all it has        | vd0          | file    | qcow2 | file='/vm/new.qcow2' | <target dev='vda'/><serial>one</serial><alias name='vd0'/><address type='pci' domain='0' bus='0' slot='0x04' function='0'/>",
        "behind a bridge      | vd0          | file    | qcow2 | file='/vm/new.qcow2' | <address type='pci' domain='0' bus='0x07' slot='0' function='0'/>",
        "by its SCSI address  | scsi1        | file    | raw   | file='/vm/b.raw'     | <address type='drive' controller='0' bus='0' target='3' unit='1'/>",
        "by an old drive      | scsi1        | file    | raw   | file='/vm/b.raw'     | <alias name='scsi1'/>",
        "a volume by alias    | scsi1        | volume  | raw   | pool='p' volume='b.raw' | <alias name='scsi1'/>",
        "a volume by target   | scsi1        | volume  | raw   | pool='p' volume='b.raw' | <target dev='scsi1'/>",
        "a volume by serial   | vd0          | volume  | qcow2 | pool='p' volume='new.qcow2' | <serial>one</serial>",
        "an image of Ceph     | virtio-disk2 | network | raw   | protocol='rbd' name='pool/image' |",
      })
  void theDiskThatAllOfTheXmlFits(
      String what, String label, String type, String format, String source, String more) {
    // given
    String xml =
        xml(
            type,
            "<driver type='%s'/><source %s/>%s"
                .formatted(format, source, more == null ? "" : more));
    // when
    List<LocatedDisk> found = inMachine(xml);
    // then
    assertEquals(List.of(label), found.stream().map(LocatedDisk::name).toList(), what);
    String own = what.equals("an image of Ceph") ? "rbd" : "qemu";
    assertEquals(own, found.get(0).selected().method().orElseThrow());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "older than a snapshot   | DISK_UNSUITABLE | 'vd0' writes to '/vm/new.qcow2', and not to the source '/vm/old.qcow2' of the XML, which lies below | file | qcow2 | file='/vm/old.qcow2' |",
        "the same with its alias | DISK_UNSUITABLE | which lies below | file | qcow2 | file='/vm/old.qcow2' | <alias name='vd0'/>",
        "another file            | DISK_UNSUITABLE | 'vd0' writes to '/vm/new.qcow2', and not to the source '/vm/x' | file | qcow2 | file='/vm/x' | <serial>one</serial>",
        "nothing that is there   | NO_SUCH_DISK    | no disk with source '/vm/x', alias 'vd9'; it has 'vd0' | file | qcow2 | file='/vm/x' | <alias name='vd9'/>",
        "another serial          | DISK_UNSUITABLE | its source '/vm/new.qcow2' is that of 'vd0' (/vm/new.qcow2); its serial 'two' is that of 'scsi1' | file | qcow2 | file='/vm/new.qcow2' | <serial>two</serial>",
        "a serial of nobody      | DISK_UNSUITABLE | its serial 'nine' is not that of 'vd0' | file | qcow2 | file='/vm/new.qcow2' | <serial>nine</serial>",
        "another alias           | DISK_UNSUITABLE | its alias 'scsi1' is that of 'scsi1' | file | qcow2 | file='/vm/new.qcow2' | <alias name='scsi1'/>",
        "another PCI address     | DISK_UNSUITABLE | its address 0000:00:05.0 is that of 'scsi1' | file | qcow2 | file='/vm/new.qcow2' | <address type='pci' domain='0' bus='0' slot='0x05' function='0'/>",
        "another SCSI address    | DISK_UNSUITABLE | its address 0:0:3:2 is not that of 'scsi1' | file | raw | file='/vm/b.raw' | <address type='drive' controller='0' bus='0' target='3' unit='2'/>",
        "another target          | DISK_UNSUITABLE | its target 'scsi1' is that of | file | qcow2 | file='/vm/new.qcow2' | <target dev='scsi1'/>",
        "another format          | DISK_UNSUITABLE | says that it is raw, and the machine has '/vm/new.qcow2' open as qcow2 | file | raw | file='/vm/new.qcow2' |",
        "a volume alone          | NO_SUCH_DISK    | libvirt alone knows | volume | raw | pool='p' volume='b.raw' |",
        "a volume from before    | DISK_UNSUITABLE | and not to the source 'p/old.qcow2' | volume | qcow2 | pool='p' volume='old.qcow2' | <alias name='vd0'/>",
        "another image of Ceph   | NO_SUCH_DISK    | source 'pool/other' | network | raw | protocol='rbd' name='pool/other' |",
        "a share that is a file  | DISK_UNSUITABLE | 'vd0' writes to | network | qcow2 | protocol='nbd' name='x' | <alias name='vd0'/>",
      })
  void anyOtherIsRefusedWithBothNamed(
      String what,
      ErrorCode code,
      String told,
      String type,
      String format,
      String source,
      String more) {
    // given
    String xml =
        xml(
            type,
            "<driver type='%s'/><source %s/>%s"
                .formatted(format, source, more == null ? "" : more));
    // when
    Failure failure = refused(() -> inMachine(xml));
    // then
    assertTrue(failure.message().contains(told), () -> what + ": " + failure);
    assertFalse(failure.message().contains("SECRET"), failure::message);
    assertEquals(code, failure.code(), failure::message);
  }

  @Test
  void whatNobodyWritesToAloneIsRefused() {
    for (String inside : List.of("<readonly/>", "<shareable/>")) {
      Failure failure = refused(() -> inMachine(file("/vm/new.qcow2", inside)));
      assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code(), failure::message);
      assertTrue(failure.message().contains(inside.replaceAll("[</>]|only", "")), failure::message);
    }
    for (String device : List.of("cdrom", "floppy")) {
      String xml = file("/vm/new.qcow2", "").replace("device='disk'", "device='" + device + "'");
      assertEquals(ErrorCode.DISK_UNSUITABLE, refused(() -> inMachine(xml)).code());
    }
    String lun =
        "<disk type='file' device='lun'><source file='/vm/b.raw'/><alias name='scsi1'/></disk>";
    assertTrue(refused(() -> inMachine(lun)).message().contains("'lun'"));
    String snapshot =
        xml(
            "network",
            "<source protocol='rbd' name='pool/image'><snapshot name='s'/></source>"
                + "<alias name='virtio-disk2'/>");
    assertTrue(refused(() -> inMachine(snapshot)).message().contains("pool/image@s"));
  }

  @Test
  void withoutAnyXmlWhoNamesAnOverlayWantsOne() {
    // given
    var disks = new MachineDisks(client);
    var plain = SelectedDisk.named("virtio-disk2");
    // when, then
    assertEquals("rbd", method(disks, plain));
    assertEquals("qemu", method(disks, plain.withOverlay(Path.of("/vm/o.qcow2"))));
  }

  private static String method(MachineDisks disks, SelectedDisk asked) {
    return disks
        .locate(List.of(asked), Deadline.after(Duration.ofSeconds(20)))
        .toCompletableFuture()
        .join()
        .disks()
        .get(0)
        .selected()
        .method()
        .orElseThrow();
  }

  @Test
  void theSameDiskTwiceIsRefused() {
    Failure failure =
        refused(() -> inMachine(file("/vm/new.qcow2", ""), file("/vm/new.qcow2", "")));
    assertEquals(ErrorCode.BAD_REQUEST, failure.code());
  }

  @Test
  void theMethodOfTheDiskAndTheOneThatOverridesIt() {
    // given
    String xml =
        file(
            "/vm/new.qcow2",
            "<diskSnapshot method='qemu'><overlay path='/vm/o.qcow2'/></diskSnapshot>");
    var other = "<diskSnapshot method='lvm'><device path='/dev/vg/lv4'/></diskSnapshot>";
    // when
    var own = inMachine(xml).get(0).selected();
    var overridden = DescribedDisk.parse(xml).withMethod(other).selected("vd0");
    Failure relative = refused(() -> inMachine(xml.replace("/vm/o", "o")));
    // then
    assertEquals(Optional.of("qemu"), own.method());
    assertEquals(Optional.of(Path.of("/vm/o.qcow2")), own.overlay());
    assertEquals(Map.of(), own.options());
    assertEquals(Optional.of("lvm"), overridden.method());
    assertEquals(Map.of("device", "/dev/vg/lv4"), overridden.options());
    assertEquals(Optional.empty(), overridden.overlay());
    assertEquals(ErrorCode.BAD_REQUEST, relative.code());
  }

  @Test
  void aBareDiskHasTheFormatOfItsXml() throws Exception {
    // given: whoever writes to a raw disk can make it look like a qcow2 with a backing file
    Path image = Files.write(directory.resolve("a"), header());
    Path plain = Files.writeString(directory.resolve("b"), "no image");
    String method = "<diskSnapshot method='reflink'/>";
    // when
    LocatedDisk raw = bare(xml("file", "<source file='" + image + "'/>" + method)).get(0);
    Failure other = refused(() -> bare(file(plain.toString(), method)));
    // then
    assertEquals("raw", raw.source().format());
    assertEquals(image.toString(), raw.name());
    assertTrue(other.message().contains("cannot be read as an image"), other::message);
    assertEquals(ErrorCode.DISK_UNSUITABLE, other.code());
  }

  private static byte[] header() {
    byte[] header = new byte[512];
    header[0] = 'Q';
    header[1] = 'F';
    header[2] = 'I';
    header[3] = (byte) 0xFB;
    header[7] = 3;
    return header;
  }

  @Test
  void aBareImageOfCephIsCutThereAndAVolumeOfAPoolNowhere() {
    // when
    var rbd = bare(xml("network", "<source protocol='rbd' name='p/i'/>")).get(0);
    Failure pooled = refused(() -> bare(xml("volume", "<source pool='p' volume='v'/>")));
    Failure share = refused(() -> bare(xml("network", "<source protocol='nbd' name='x'/>")));
    Failure absent = refused(() -> bare(file(directory.resolve("absent").toString(), "")));
    // then
    assertEquals(Optional.of("rbd"), rbd.selected().method());
    assertEquals(Map.of("image", "p/i"), rbd.options());
    assertTrue(pooled.message().contains("libvirt alone knows"), pooled::message);
    assertTrue(share.message().contains("no default method"), share::message);
    assertEquals(ErrorCode.NO_SUCH_DISK, absent.code());
  }
}
