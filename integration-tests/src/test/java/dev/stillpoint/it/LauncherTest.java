package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
  private static final int PATIENCE_SECONDS = 60;
  private static final Path CLI = Path.of("..", "cli", "target").toAbsolutePath().normalize();
  private static final String MAIN = "dev.stillpoint.cli.Stillpoint";

  /** One run: the exit code, and what was written where. */
  private record Run(int code, String out, String err) {}

  /** The two ways to start Java from jars. */
  enum Way {
    CLASS_PATH {
      @Override
      List<String> arguments(List<Path> jars) {
        return List.of("--enable-native-access=ALL-UNNAMED", "-cp", joined(jars), MAIN);
      }
    },
    MODULE_PATH {
      @Override
      List<String> arguments(List<Path> jars) {
        return List.of(
            "--enable-native-access=org.newsclub.net.unix",
            "-p",
            joined(jars),
            "-m",
            "dev.stillpoint.cli/" + MAIN);
      }
    };

    abstract List<String> arguments(List<Path> jars);

    private static String joined(List<Path> jars) {
      return jars.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
  }

  @TempDir private Path directory;

  @BeforeAll
  static void needsQemu() {
    HostTools.require("qemu-storage-daemon", "qemu-img");
  }

  private static List<Path> jars() throws IOException {
    try (Stream<Path> own = Files.list(CLI);
        Stream<Path> others = Files.list(CLI.resolve("lib"))) {
      return Stream.concat(own, others)
          .filter(file -> file.toString().endsWith(".jar"))
          .sorted()
          .toList();
    }
  }

  private Run run(Way way, String... arguments) throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(way.arguments(jars()));
    command.addAll(List.of(arguments));
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it did not end");
    } finally {
      process.destroyForcibly();
    }
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
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
