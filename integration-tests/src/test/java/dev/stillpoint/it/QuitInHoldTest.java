package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** QEMU goes while the guest is frozen: before its disks are cut, and after. */
@Timeout(120)
class QuitInHoldTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(8);
  private static final Duration THAW_BOUND = Duration.ofSeconds(3);

  /** For the end of a cold JVM, and for a busy machine. */
  private static final Duration MARGIN = Duration.ofSeconds(10);

  @TempDir private Path directory;

  @Test
  void qemuIsKilledBeforeTheCut() throws Exception {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      Run run =
          snapshot(
              guest,
              line -> {
                if (!isCut(line)) {
                  return Optional.of(line);
                }
                ProcessHandle.of(guest.pid()).orElseThrow().destroyForcibly();
                return Optional.empty();
              });

      assertUndecided(run, guest);
    }
  }

  @Test
  void qemuQuitsAfterTheCut() throws Exception {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      Run run =
          snapshot(
              guest, line -> Optional.of(isCut(line) ? line + "{\"execute\":\"quit\"}\n" : line));

      assertUndecided(run, guest);
    }
  }

  /**
   * Nobody can tell whether the cut was done, so nothing is claimed, and no image is removed that
   * may hold what the machine wrote last; each is named.
   */
  private static void assertUndecided(Run run, Guest guest) throws IOException {
    assertFalse(guest.isAlive());
    assertEquals(3, run.code(), run::err);
    assertEquals("", run.out());
    assertTrue(run.err().contains("snapshot quit: unknown"), run::err);
    assertTrue(run.err().contains("the guest may be frozen"), run::err);
    assertEquals(3, overlays(guest).size());
    for (Path overlay : overlays(guest)) {
      assertTrue(run.err().contains("the machine may write to: " + overlay), run::err);
    }
  }

  private static boolean isCut(String line) {
    return line.contains("\"transaction\"") && !line.contains("abort");
  }

  private Run snapshot(Guest guest, Function<String, Optional<String>> passed)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    try (var proxy =
            MonitorProxy.before(guest.qmp(), guest.directory().resolve("proxy.sock"), passed);
        var process =
            CommandLineProcess.start(
                Way.CLASS_PATH,
                directory,
                "snapshot",
                "--qmp",
                proxy.socket().toString(),
                "--qga",
                AgentSafety.require(guest).toString(),
                "--name",
                "quit",
                "--timeout",
                TIMEOUT.toSeconds() + "s",
                "--thaw-bound",
                THAW_BOUND.toSeconds() + "s")) {
      Run run = process.ended();
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      assertTrue(took.compareTo(TIMEOUT.plus(THAW_BOUND).plus(MARGIN)) < 0, took::toString);
      return run;
    }
  }

  private static List<Path> overlays(Guest guest) throws IOException {
    try (Stream<Path> files = Files.list(guest.directory())) {
      return files.filter(file -> file.toString().contains(".quit.")).toList();
    }
  }
}
