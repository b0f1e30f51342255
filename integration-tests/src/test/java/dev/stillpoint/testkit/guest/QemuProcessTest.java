package dev.stillpoint.testkit.guest;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class QemuProcessTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @Test
  void bothProgramsAnswerAndEnd() throws IOException {
    for (QemuProcess qemu :
        List.of(QemuProcess.machineNone("-name", "empty"), QemuProcess.storageDaemon())) {
      // given a running program
      Path directory = qemu.directory();
      try (qemu;
          ControlMonitor monitor = ControlMonitor.connect(qemu.qmp())) {
        // then its monitor answers, and errors come as such
        assertTrue(monitor.execute("query-version", "{}").contains("\"major\""));
        assertThrows(IOException.class, () -> monitor.execute("no-such-command", "{}"));
      }
      // and nothing is left of it
      assertFalse(qemu.isAlive());
      assertFalse(Files.exists(directory));
    }
  }

  @Test
  void whatDoesNotStartSaysWhyAndLeavesNothing() {
    var failure =
        assertThrows(IllegalStateException.class, () -> QemuProcess.machineNone("-no-such-option"));
    assertTrue(failure.toString().contains("-no-such-option"), failure.toString());
  }

  @Test
  void aKilledJvmLeavesNothing() throws Exception {
    // given a JVM that starts QEMU and waits
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Forgetful.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = jvm.inputReader()) {
      long pid = Long.parseLong(out.readLine());
      Path directory = Path.of(out.readLine());
      assertTrue(ProcessHandle.of(pid).isPresent());
      assertTrue(Files.isDirectory(directory));
      // when it is killed, so that no hook runs
      jvm.destroyForcibly();
      assertEquals(137, jvm.waitFor());
      // then QEMU and its directory go all the same
      await()
          .atMost(LIMIT)
          .until(() -> ProcessHandle.of(pid).isEmpty() && !Files.exists(directory));
    } finally {
      jvm.destroyForcibly();
    }
  }

  /** Starts QEMU, says where, and waits to be killed. */
  static final class Forgetful {
    private Forgetful() {}

    public static void main(String[] arguments) throws IOException {
      QemuProcess qemu = QemuProcess.machineNone();
      System.out.println(qemu.pid());
      System.out.println(qemu.directory());
      System.out.flush();
      System.in.read();
    }
  }
}
