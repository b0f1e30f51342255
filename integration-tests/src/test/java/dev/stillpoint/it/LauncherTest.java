package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The command line as users start it: from its jars, on the class path and on the module path. The
 * module path is the stricter one: a record that Jackson may not bind and a native library that
 * nobody requires fail there alone.
 */
@Timeout(120)
class LauncherTest {
  @TempDir private Path directory;

  @BeforeAll
  static void needsQemu() {
    HostTools.require("qemu-storage-daemon", "qemu-img");
  }

  private Run run(Way way, String... arguments) throws IOException, InterruptedException {
    try (var process = CommandLineProcess.start(way, directory, arguments)) {
      return process.ended();
    }
  }

  @ParameterizedTest
  @EnumSource
  void itTellsItsVersionAndNothingElse(Way way) throws Exception {
    // when
    Run run = run(way, "--version");
    // then
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().matches("stillpoint \\d+\\.\\d+\\.\\d+\\S*\n"), run.out());
    assertEquals("", run.err());
  }

  @ParameterizedTest
  @EnumSource
  void itTakesASnapshot(Way way) throws Exception {
    // given
    Path base = image();
    try (QemuProcess daemon = daemon(base)) {
      // when
      Run run = run(way, snapshot(daemon, "--quiesce", "never", "-o", "json"));
      // then
      assertEquals(0, run.code(), run.err());
      JsonNode told = new ObjectMapper().readTree(run.out());
      assertEquals("succeeded", told.path("outcome").asText(), run.out());
      assertEquals("crash", told.path("consistency").asText(), run.out());
      JsonNode disk = told.path("disks").path(0);
      assertEquals(base.toString(), disk.path("backupSource").path("file").asText(), run.out());
      assertTrue(Files.exists(Path.of(disk.path("modifiedDisk").path("file").asText())));
      assertEquals("", run.err());
    }
  }

  @Test
  void withoutAnAgentNothingIsMadeWhereOneIsRequired() throws Exception {
    // given
    Path base = image();
    try (QemuProcess daemon = daemon(base)) {
      // when
      Run unnamed = run(Way.CLASS_PATH, snapshot(daemon));
      Run absent =
          run(Way.CLASS_PATH, snapshot(daemon, "--qga", directory.resolve("no-agent").toString()));
      // then
      assertEquals(1, unnamed.code());
      assertTrue(unnamed.err().contains("--qga"), unnamed.err());
      assertEquals(1, absent.code());
      assertTrue(absent.err().contains("no-agent"), absent.err());
      assertFalse(Files.exists(directory.resolve("base.nightly.qcow2")));
    }
  }

  @Test
  void withoutAnAgentThePreferenceIsCrashAndSaysWhy() throws Exception {
    // given
    Path base = image();
    try (QemuProcess daemon = daemon(base)) {
      String agent = directory.resolve("no-agent").toString();
      // when
      Run run =
          run(
              Way.CLASS_PATH,
              snapshot(daemon, "--quiesce", "prefer", "--qga", agent, "-o", "json"));
      // then
      assertEquals(0, run.code(), run.err());
      JsonNode told = new ObjectMapper().readTree(run.out());
      assertEquals("crash", told.path("consistency").asText(), run.out());
      assertTrue(told.path("reasons").toString().contains("no-agent"), run.out());
    }
  }

  private static String[] snapshot(QemuProcess daemon, String... more) {
    var arguments =
        new ArrayList<>(
            List.of(
                "snapshot",
                "--qmp",
                daemon.qmp().toString(),
                "--name",
                "nightly",
                "--disk",
                "disk0"));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  private Path image() throws IOException, InterruptedException {
    Path base = directory.toRealPath().resolve("base.qcow2");
    var make =
        new ProcessBuilder(
            HostTools.path("qemu-img"), "create", "-q", "-f", "qcow2", base.toString(), "8M");
    assertEquals(0, make.inheritIO().start().waitFor());
    return base;
  }

  /** A node without a user could not be cut, so it is exported. */
  private QemuProcess daemon(Path base) {
    return QemuProcess.storageDaemon(
        "--blockdev",
        "driver=file,node-name=file0,filename=" + base,
        "--blockdev",
        "driver=qcow2,node-name=disk0,file=file0",
        "--nbd-server",
        "addr.type=unix,addr.path=" + directory.resolve("nbd.sock"),
        "--export",
        "type=nbd,id=export0,node-name=disk0,writable=on");
  }
}
