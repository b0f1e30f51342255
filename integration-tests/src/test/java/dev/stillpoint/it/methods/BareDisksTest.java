package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.it.CommandLineProcess;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Disks of no machine, from the command line: cut, listed, brought back, and removed. */
@Timeout(120)
class BareDisksTest {
  private final LoopMount mount = LoopMount.xfs(320L << 20);

  @TempDir private Path home;

  @AfterEach
  void unmount() {
    mount.close();
  }

  private Run run(String... arguments) throws Exception {
    try (var process = CommandLineProcess.startWith(List.of(), Way.CLASS_PATH, home, arguments)) {
      return process.ended();
    }
  }

  private Run snapshot(String... more) throws Exception {
    var all = new ArrayList<>(List.of("snapshot", "--name", "nightly", "-o", "json"));
    all.addAll(List.of(more));
    return run(all.toArray(String[]::new));
  }

  private static JsonNode json(Run run) throws IOException {
    return new ObjectMapper().readTree(run.out());
  }

  private LocatedDisk disk(String name, String content) throws IOException {
    return FileDisks.make(mount.path().resolve(name), "reflink", content);
  }

  private Set<String> left() throws IOException {
    return FileDisks.contents(mount.path(), Pattern.compile(".*\\.disk"));
  }

  @Test
  void oneIsCutByItsFileSystemListedBroughtBackAndRemoved() throws Exception {
    // given
    LocatedDisk disk = disk("a b.disk", "old");
    // when no method is named
    Run cut = snapshot("--disk", disk.name(), "--quiesce", "never");
    // then
    assertEquals(0, cut.code(), cut::err);
    JsonNode told = json(cut);
    assertEquals("crash", told.path("consistency").asText(), told::toString);
    assertEquals("reflink", told.at("/disks/0/method").asText());
    assertTrue(told.at("/disks/0/modifiedDisk").isNull(), told::toString);
    assertEquals(
        mount.path() + "/a b.nightly.disk", told.at("/disks/0/backupSource/file").asText());
    assertEquals("never-frozen", told.path("guest").asText());
    FileDisks.write(disk, "new");
    // and
    Run listed = run("list", disk.name(), "-o", "json");
    assertEquals("nightly", json(listed).at("/snapshots/0/name").asText(), listed::err);
    assertEquals(0, run("revert", disk.name(), "--name", "nightly").code());
    assertEquals("old", FileDisks.read(disk.source()));
    assertEquals(1, run("delete", disk.name(), "--name", "weekly").code());
    assertEquals(0, run("delete", disk.name(), "--name", "nightly").code());
    assertEquals(Set.of(), left());
  }

  @Test
  void severalThatAreNotOneInstantClaimNothing() throws Exception {
    // given
    LocatedDisk one = disk("one.disk", "one");
    LocatedDisk two = disk("two.disk", "two");
    // when
    Run cut = snapshot("--disk", one.name(), "--disk", two.name(), "--quiesce", "never");
    // then
    assertEquals(0, cut.code(), cut::err);
    assertEquals("none", json(cut).path("consistency").asText());
  }

  @Test
  void withoutAnAgentAQuiesceCannotBeRequired() throws Exception {
    // given
    LocatedDisk disk = disk("one.disk", "one");
    // when
    Run cut = snapshot("--disk", disk.name());
    // then
    assertEquals(1, cut.code());
    assertEquals("agent-unavailable", json(cut).at("/error/code").asText());
    assertEquals(Set.of(), left());
  }

  @Test
  void oneDiskByTwoNamesIsRefused() throws Exception {
    // given
    LocatedDisk disk = disk("one.disk", "one");
    Path link = Files.createSymbolicLink(home.resolve("link"), Path.of(disk.name()));
    // when
    Run cut = snapshot("--disk", disk.name(), "--disk", link.toString(), "--quiesce", "never");
    // then
    assertEquals(1, cut.code());
    assertEquals("bad-request", json(cut).at("/error/code").asText());
    assertEquals(Set.of(), left());
  }

  @Test
  void whereNothingCanBeCutThatIsSaid() throws Exception {
    // given a file system whose files cannot share blocks
    try (LoopMount plain = LoopMount.ext4(32L << 20)) {
      Path file = plain.path().resolve("x.raw");
      FileDisks.make(file, "reflink", "x");
      // when
      Run cut = snapshot("--disk", file.toString(), "--quiesce", "never");
      // then
      assertEquals(1, cut.code());
      assertEquals("disk-unsuitable", json(cut).at("/error/code").asText(), cut::out);
    }
    assertEquals(1, snapshot("--disk", "/absent", "--quiesce", "never").code());
    assertEquals(1, snapshot("--disk", "/absent,method=qemu", "--quiesce", "never").code());
  }

  @Test
  void qemuNeedsTheMonitor() throws Exception {
    // given
    LocatedDisk disk = disk("one.disk", "one");
    // when
    Run cut = snapshot("--disk", disk.name() + ",method=qemu", "--quiesce", "never");
    // then
    assertEquals(1, cut.code());
    assertTrue(cut.err().contains("the method qemu needs the monitor"), cut::err);
  }

  @Test
  void whatAnyProgramHasOpenIsNotBroughtBack() throws Exception {
    // given
    LocatedDisk disk = disk("one.disk", "old");
    assertEquals(0, snapshot("--disk", disk.name(), "--quiesce", "never").code());
    FileDisks.write(disk, "new");
    // when it is open to a program that takes no lock of QEMU's
    try (var other = new java.io.RandomAccessFile(disk.name(), "rw")) {
      assertTrue(other.getFD().valid());
      Run reverted = run("revert", disk.name(), "--name", "nightly");
      // then
      assertEquals(1, reverted.code());
      assertTrue(reverted.err().contains("has it open"), reverted::err);
    }
    assertEquals("new", FileDisks.read(disk.source()));
  }

  @Test
  void anImageWhoseDataLiesElsewhereIsRefused() throws Exception {
    // given
    Path image = mount.path().resolve("x.qcow2");
    HostCommand.run(
        mount.path(),
        List.of(
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-o",
            "data_file=x.data",
            image.toString(),
            "1M"));
    // when
    Run cut = snapshot("--disk", image.toString(), "--quiesce", "never");
    // then
    assertEquals(1, cut.code());
    assertTrue(cut.err().contains("lies in another file"), cut::err);
  }
}
