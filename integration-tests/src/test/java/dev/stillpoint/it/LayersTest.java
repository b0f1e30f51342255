package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code stillpoint layers} on real file systems and a real QEMU. All mounts are made in a mount
 * namespace of the command's own: they and their loop devices go with it, however it ends.
 */
@Timeout(60)
class LayersTest {
  @TempDir private Path temporary;
  private Path home = Path.of("");

  @BeforeEach
  void findHome() throws IOException {
    home = Files.createDirectory(temporary.toRealPath().resolve("a b"));
  }

  /** Only the partitioned device is not a mount's own. */
  @AfterEach
  void noLoopDeviceIsLeft() {
    String left = HostCommand.run(home, List.of("losetup", "-l", "-n", "-O", "NAME,BACK-FILE"));
    List<String> ours = left.lines().filter(line -> line.contains(home.toString())).toList();
    ours.forEach(line -> HostCommand.run(home, List.of("losetup", "-d", line.split(" ", -1)[0])));
    assertEquals(List.of(), ours);
  }

  private void host(String... command) {
    HostCommand.run(home, List.of(command));
  }

  private Path sized(String name, String size) {
    host("truncate", "-s", size, name);
    return home.resolve(name);
  }

  /** Runs the command after a script has mounted the things that it is to look at. */
  private JsonNode layersAfter(String script, String disk) throws Exception {
    String whole = "cd '" + home + "' && { " + script + "; } >&2 && exec \"$@\"";
    return layersUnder(List.of("unshare", "-m", "sh", "-e", "-c", whole, "sh"), disk);
  }

  private JsonNode layersUnder(List<String> program, String... arguments) throws Exception {
    var all = new ArrayList<>(List.of("layers", "-o", "json"));
    all.addAll(List.of(arguments));
    try (var process =
        CommandLineProcess.startUnder(
            program, List.of(), Way.CLASS_PATH, temporary, all.toArray(String[]::new))) {
      Run run = process.ended();
      assertEquals(0, run.code(), run::err);
      return new ObjectMapper().readTree(run.out());
    }
  }

  private static List<String> under(JsonNode found, int image) {
    return kinds(found.path("chain").path(image).path("under"));
  }

  private static List<String> kinds(JsonNode layers) {
    return StreamSupport.stream(layers.spliterator(), false)
        .map(layer -> layer.path("layer").asText())
        .toList();
  }

  private static JsonNode layer(JsonNode found, String kind) {
    return StreamSupport.stream(found.path("chain").path(0).path("under").spliterator(), false)
        .filter(layer -> layer.path("layer").asText().equals(kind))
        .findFirst()
        .orElseThrow();
  }

  private static String methods(JsonNode found) {
    return StreamSupport.stream(found.path("methods").spliterator(), false)
        .map(method -> method.path("method").asText())
        .collect(Collectors.joining(" "));
  }

  @Test
  void aChainOfQcow2OnExt4OnALoopDevice() throws Exception {
    // given
    host("mkfs.ext4", "-q", sized("ext4.img", "32M").toString());
    String disk = home + "/m/top.qcow2";
    // when
    JsonNode found =
        layersAfter(
            "mkdir m; mount -o loop ext4.img m; cd m; qemu-img create -q -f qcow2 base.qcow2 8M;"
                + " qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2",
            disk);
    // then
    assertEquals(disk, found.at("/chain/0/image/name").asText());
    assertEquals(home + "/m/base.qcow2", found.at("/chain/0/image/backing").asText());
    assertEquals(home + "/m/base.qcow2", found.at("/chain/1/image/name").asText());
    assertEquals(2, found.path("chain").size());
    for (int image = 0; image < 2; image++) {
      assertEquals(
          List.of("file", "file-system", "loop", "file", "file-system"),
          under(found, image).subList(0, 5),
          found::toString);
    }
    assertEquals("ext4", layer(found, "file-system").path("type").asText());
    assertEquals(home + "/m", layer(found, "file-system").path("mountPoint").asText());
    assertEquals(home + "/ext4.img", found.at("/chain/0/under/3/path").asText());
    assertTrue(methods(found).startsWith("qemu qemu-internal"), found::toString);
  }

  @Test
  void aRawImageInANestedSubvolumeOfABtrfs() throws Exception {
    // given
    host("mkfs.btrfs", "-q", sized("btrfs.img", "128M").toString());
    // when the file lies in a subvolume of the subvolume that is mounted
    JsonNode found =
        layersAfter(
            "mkdir m n; mount -o loop btrfs.img n; btrfs subvolume create n/out;"
                + " btrfs subvolume create n/out/in; mkdir n/out/in/d;"
                + " truncate -s 1M n/out/in/d/x.raw; mount -o bind n/out m",
            home + "/m/in/d/x.raw");
    // then
    assertEquals("/out/in", layer(found, "file-system").path("subvolume").asText());
    assertEquals("loop", under(found, 0).get(2));
    assertTrue(methods(found).startsWith("qemu reflink btrfs"), found::toString);
    assertTrue(found.at("/chain/0/image/probed").asBoolean(), found::toString);
  }

  @ParameterizedTest
  @CsvSource({"1, true", "0, false"})
  void anXfsSaysWhetherItsFilesCanShareBlocks(String made, boolean expected) throws Exception {
    // given
    host("mkfs.xfs", "-q", "-m", "reflink=" + made, sized("xfs.img", "320M").toString());
    // when
    JsonNode found =
        layersAfter("mkdir m; mount -o loop xfs.img m; truncate -s 1M m/x.raw", home + "/m/x.raw");
    // then
    assertEquals(expected, layer(found, "file-system").path("reflink").asBoolean());
    assertEquals(expected, methods(found).startsWith("qemu reflink"), found::toString);
  }

  @Test
  void aPartitionOfALoopDeviceIsADisk() throws Exception {
    // given
    Path image = sized("parts.img", "8M");
    String script =
        "L=$(losetup -fP --show '"
            + image
            + "'); trap 'losetup -d $L' EXIT;"
            // The kernel may know no partition table, but it takes a partition that it is told of.
            + " addpart $L 1 2048 8192; shift; \"$@\" \"${L}p1\"";
    // when
    JsonNode found = layersUnder(List.of("sh", "-e", "-c", script, "sh", "-"));
    // then
    assertEquals(
        List.of("partition", "loop", "file", "file-system"), under(found, 0).subList(0, 4));
    assertEquals(1, layer(found, "partition").path("index").asInt());
    assertEquals(image.toString(), layer(found, "file").path("path").asText());
  }

  @ParameterizedTest
  @CsvSource({"vd0", "node0"})
  void aDiskOfAMachineIsTakenAsQemuNamesIt(String name) throws Exception {
    // given a raw image whose guest has written the header of a qcow2 into it
    host("qemu-img", "create", "-q", "-f", "qcow2", "guest.raw", "8M");
    String below = "{'driver':'file','filename':'" + home + "/guest.raw'}";
    String raw = ("{'driver':'raw','node-name':'node0','file':" + below + "}").replace('\'', '"');
    try (QemuProcess qemu =
        QemuProcess.machineNone(
            "-machine", "q35,accel=tcg",
            "-blockdev", raw,
            "-device", "virtio-blk-pci,id=vd0,drive=node0")) {
      // when
      JsonNode found = layersUnder(List.of(), name, "--qmp", qemu.qmp().toString());
      // then
      assertEquals("raw", found.at("/chain/0/image/format").asText());
      assertEquals(home + "/guest.raw", found.at("/chain/0/image/name").asText());
      assertEquals(List.of("file", "file-system"), under(found, 0).subList(0, 2));
    }
  }

  @Test
  void aDiskOfAMachineMayLieElsewhere() throws Exception {
    // given
    host("qemu-img", "create", "-q", "-f", "raw", "far.raw", "8M");
    Path socket = temporary.resolve("n");
    try (QemuProcess server =
            QemuProcess.storageDaemon(
                "--blockdev", "driver=file,node-name=far,filename=" + home + "/far.raw",
                "--nbd-server", "addr.type=unix,addr.path=" + socket,
                "--export", "nbd,id=e,node-name=far,name=exp,writable=on");
        QemuProcess qemu =
            QemuProcess.machineNone(
                "-machine",
                "q35,accel=tcg",
                "-blockdev",
                "driver=nbd,node-name=node0,server.type=unix,export=exp,server.path=" + socket,
                "-device",
                "virtio-blk-pci,id=vd0,drive=node0")) {
      assertTrue(server.qmp().isAbsolute());
      // when
      JsonNode found = layersUnder(List.of(), "vd0", "--qmp", qemu.qmp().toString());
      // then
      assertEquals(List.of("remote"), under(found, 0));
      assertEquals("nbd", layer(found, "remote").path("protocol").asText());
      assertTrue(
          layer(found, "remote").path("address").asText().contains(socket.toString()),
          found::toString);
      assertEquals("qemu exec", methods(found));
    }
  }

  @Test
  void ofABrokenChainWhatIsThereIsToldAndThatItIsBroken() throws Exception {
    // given
    host(
        "qemu-img",
        "create",
        "-q",
        "-u",
        "-f",
        "qcow2",
        "-F",
        "qcow2",
        "-b",
        "gone",
        "top.qcow2",
        "1M");
    // when
    Run run;
    try (var process =
        CommandLineProcess.start(Way.MODULE_PATH, temporary, "layers", home + "/top.qcow2")) {
      run = process.ended();
    }
    // then
    assertEquals(1, run.code(), run::err);
    assertTrue(run.out().startsWith("disk " + home + "/top.qcow2\n  image "), run::out);
    assertTrue(run.err().contains("/gone' of"), run::err);
  }

  @Test
  void whoMayNotReadAnImageIsTold() throws Exception {
    // given
    host("qemu-img", "create", "-q", "-f", "qcow2", "mine.qcow2", "8M");
    Files.setPosixFilePermissions(
        home.resolve("mine.qcow2"), PosixFilePermissions.fromString("rw-------"));
    host("chmod", "755", temporary.toString(), home.toString());
    var stranger = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
    // when
    Run run;
    try (var process =
        CommandLineProcess.startUnder(
            stranger, List.of(), Way.CLASS_PATH, temporary, "layers", home + "/mine.qcow2")) {
      run = process.ended();
    }
    // then
    assertEquals(1, run.code(), run::err);
    assertEquals("", run.out());
    assertTrue(run.err().contains("mine.qcow2' cannot be read as an image: no perm"), run::err);
  }
}
