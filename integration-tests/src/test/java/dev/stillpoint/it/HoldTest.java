package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What happens between the reply to the freeze and the request to thaw, seen from outside: strace
 * puts all that QEMU does, the lines of its own trace among it, into one order, and all that a cold
 * command line does into another. No clock of ours is believed.
 */
@Timeout(180)
class HoldTest {
  private static final Set<String> WRITES = Set.of("write", "writev", "pwrite64", "pwritev");
  private static final Set<String> SYNCS =
      Set.of("fsync", "fdatasync", "sync_file_range", "syncfs", "sync");

  /** Calls that make a file or change which files there are. */
  private static final Set<String> CHANGES =
      Set.of(
          "creat",
          "rename",
          "renameat",
          "renameat2",
          "unlink",
          "unlinkat",
          "mkdir",
          "mkdirat",
          "truncate",
          "ftruncate",
          "fallocate");

  @TempDir private Path directory;

  @BeforeAll
  static void needsStrace() {
    HostTools.require("strace");
  }

  @ParameterizedTest
  @CsvSource({
    "prepared, ''",
    "prepared, vd1",
    "sync-existing, ''",
    "sync-existing, vd1",
    "sync-absolute, ''"
  })
  void nothingButTheCutHappens(String way, String disk) throws Exception {
    // given
    SystemCalls qemu;
    SystemCalls ours;
    try (Guest guest =
            WarmGuest.of(GuestConfig.threeDisks())
                .startTraced("handle_qmp_command", "monitor_qmp_respond");
        var watched = SystemCalls.Attached.to(guest.pid(), directory.resolve("qemu.calls"))) {
      // when
      ours = snapshot(guest, way, disk);
      qemu = watched.ended();
    }
    // then
    assertOneCommand(Hold.of(qemu));
    assertMade(Hold.of(qemu), way);
    if (!way.equals("sync-absolute")) {
      assertSyncsOnlyWhatTheGuestWrote(qemu);
    }
    assertNothingOfOurs(ours);
  }

  private SystemCalls snapshot(Guest guest, String way, String disk)
      throws IOException, InterruptedException {
    Path output = directory.resolve("our.calls");
    var arguments = new ArrayList<String>();
    arguments.addAll(List.of("snapshot", "--qmp", guest.qmp().toString()));
    arguments.addAll(List.of("--qga", AgentSafety.require(guest).toString()));
    arguments.addAll(List.of("--name", "hold", "--qemu-way", way));
    if (!disk.isEmpty()) {
      arguments.addAll(List.of("--disk", disk));
    }
    try (var process =
        CommandLineProcess.startUnder(
            SystemCalls.tracing(output),
            List.of("-Xlog:class+load:file=" + directory.resolve("classes.log") + "::filecount=0"),
            Way.CLASS_PATH,
            directory,
            arguments.toArray(String[]::new))) {
      Run run = process.ended();
      assertEquals(0, run.code(), run.err());
      return SystemCalls.ofEnded(output, process.pid());
    }
  }

  private static void assertOneCommand(SystemCalls hold) {
    List<String> commands = hold.all(line -> line.contains("handle_qmp_command"));
    assertEquals(1, commands.size(), commands::toString);
    assertTrue(
        commands.get(0).contains("transaction") || commands.get(0).contains("snapshot-sync"),
        commands::toString);
  }

  /**
   * Only sync-absolute makes images in the hold; that it is seen here shows that others would be.
   */
  private static void assertMade(SystemCalls hold, String way) {
    List<String> made =
        hold.all(line ->
            CHANGES.contains(Hold.call(line))
                || (Hold.call(line).startsWith("open") && line.contains("O_CREAT"))
                || (WRITES.contains(Hold.call(line)) && Hold.file(line).endsWith(".hold.qcow2")));
    assertEquals(way.equals("sync-absolute"), !made.isEmpty(), () -> String.join("\n", made));
  }

  /**
   * QEMU flushes a disk in its transaction if the guest has written to it since the last flush, as
   * XFS does at the end of its freeze. Nobody can spare it that, and nothing else is synced.
   */
  private static void assertSyncsOnlyWhatTheGuestWrote(SystemCalls qemu) {
    Set<String> unsynced = new HashSet<>();
    for (String line : qemu.lines().subList(0, Hold.frozen(qemu))) {
      if (WRITES.contains(Hold.call(line))) {
        unsynced.add(Hold.file(line));
      } else if (SYNCS.contains(Hold.call(line))) {
        unsynced.remove(Hold.file(line));
      }
    }
    List<String> needless =
        Hold.of(qemu)
            .all(line -> SYNCS.contains(Hold.call(line)) && !unsynced.remove(Hold.file(line)));
    assertEquals(List.of(), needless);
  }

  /**
   * We talk, and wake a thread of ours through a pipe. A class that is loaded, in the hold would be
   * a line in the class-load log, and a file that is read or written would be seen as well.
   */
  private static void assertNothingOfOurs(SystemCalls ours) {
    assertFalse(ours.all(line -> line.contains("classes.log>, \"[")).isEmpty());
    SystemCalls hold = Hold.of(ours);
    List<String> sent =
        hold.all(line -> Hold.call(line).equals("write") && line.contains("execute"));
    assertEquals(1, sent.size(), sent::toString);
    List<String> other =
        hold.all(line ->
            !Hold.call(line).isEmpty() && !line.contains("<socket:[") && !line.contains("<pipe:["));
    assertEquals(List.of(), other, () -> String.join("\n", other));
  }
}
