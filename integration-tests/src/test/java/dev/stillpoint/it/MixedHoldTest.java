package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.storage.LoopMount;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The hold of a cut by QEMU and two storages at once: a cold command line loads no class and links
 * no lambda in it, though it starts programs then. Seen from outside, as in {@link HoldTest}.
 */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MixedHoldTest {
  private static final GuestConfig CONFIG =
      GuestConfig.of(
          GuestDisk.of(FileSystem.EXT4),
          GuestDisk.of(FileSystem.EXT4).raw(),
          GuestDisk.of(FileSystem.EXT4).raw());

  private static final Pattern LOADED = Pattern.compile("classes\\.log>, .*class,load\\] (\\S+)");

  private final LoopMount btrfs = LoopMount.btrfs(640L << 20);
  private final LoopMount xfs = LoopMount.xfs(640L << 20);

  @TempDir private Path directory;

  @BeforeAll
  static void needsStrace() {
    HostTools.require("strace");
  }

  @AfterAll
  void unmount() {
    btrfs.close();
    xfs.close();
  }

  /** A required freeze of every writer needs no pause; a preferred one has the machine paused. */
  @ParameterizedTest
  @CsvSource({
    "require, transaction",
    "prefer, stop query-status transaction query-status cont query-status",
  })
  void noClassIsLoadedWhileStoragesCut(String quiesce, String commands) throws Exception {
    // given
    SystemCalls ours;
    try (Guest guest =
        WarmGuest.of(CONFIG)
            .startWith(
                Map.of(
                    1, new DiskPlace.Directory(btrfs.path()),
                    2, new DiskPlace.Directory(xfs.path())))) {
      // when
      ours = snapshot(guest, quiesce);
    }
    // then
    SystemCalls hold = Hold.of(ours);
    assertEquals(List.of(commands.split(" ")), Hold.sent(hold));
    assertTrue(programs(hold) >= 2, () -> String.join("\n", hold.lines()));
    assertFalse(loaded(ours).isEmpty());
    assertEquals(List.of(), loaded(hold), () -> String.join("\n", loaded(hold)));
  }

  private SystemCalls snapshot(Guest guest, String quiesce) throws Exception {
    Path output = directory.resolve("our.calls." + quiesce);
    Path classes = directory.resolve("classes.log");
    try (var process =
        CommandLineProcess.startUnder(
            SystemCalls.tracing(output),
            List.of("-Xlog:class+load:file=" + classes + "::filecount=0"),
            Way.CLASS_PATH,
            directory,
            "snapshot",
            "--qmp",
            guest.qmp().toString(),
            "--qga",
            AgentSafety.require(guest).toString(),
            "--name",
            quiesce,
            "--quiesce",
            quiesce,
            "--disk",
            "vd0",
            "--disk",
            "vd1,method=btrfs",
            "--disk",
            "vd2,method=reflink")) {
      Run run = process.ended();
      assertEquals(0, run.code(), run.err());
      return SystemCalls.ofEnded(output, process.pid());
    }
  }

  /** How many were started: each begins with a look at its libraries. */
  private static int programs(SystemCalls calls) {
    return calls.all(line -> line.contains("\"/etc/ld.so.cache\"")).size();
  }

  private static List<String> loaded(SystemCalls calls) {
    return calls.lines().stream()
        .map(LOADED::matcher)
        .filter(Matcher::find)
        .map(found -> found.group(1))
        .toList();
  }
}
