package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.BlockDeviceInfo;
import dev.stillpoint.qmp.qapi.BlockInfo;
import dev.stillpoint.qmp.qapi.QueryBlock;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.qmp.qapi.QueryNamedBlockNodes;
import dev.stillpoint.qmp.qapi.Quit;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import dev.stillpoint.testkit.proxy.Trap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A real guest of three disks with proxies before its sockets, a snapshot that went through them
 * and was killed at a named moment, and what is there afterwards.
 */
final class KilledSnapshot implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The rehearsal is a transaction, too. */
  static final Moment THE_CUT =
      Moment.request("transaction").where(line -> !line.contains("abort"));

  private final Path directory;
  private final boolean passFds;
  final Guest guest;
  final FaultProxy monitor;
  final FaultProxy agent;

  /** The directory is the test's own: the journal, and what processes say. */
  KilledSnapshot(Path directory) {
    this(directory, WarmGuest.start(GuestConfig.threeDisks()), false);
  }

  private KilledSnapshot(Path directory, Guest guest, boolean passFds) {
    this.directory = directory;
    this.passFds = passFds;
    this.guest = guest;
    this.monitor = FaultProxy.before(guest.qmp());
    this.agent = FaultProxy.beforeAgent(guest);
  }

  /** One that hands its overlays over, past the monitor's proxy: open files go through none. */
  static KilledSnapshot passingFds(Path directory, Guest guest) {
    return new KilledSnapshot(directory, guest, true);
  }

  Path state() {
    return directory.resolve("state");
  }

  /** Starts a snapshot, and kills it once the line of this moment is held. */
  void killAt(FaultProxy proxy, Moment moment) throws IOException, InterruptedException {
    Trap trap = proxy.arm(moment, Fault.hold());
    try (var process = snapshot("60s")) {
      trap.await(PATIENCE);
      process.kill();
    } finally {
      trap.disarm();
    }
    drop();
  }

  /** Starts a snapshot whose cut comes late, so that it is taken back, and kills it on that way. */
  void killInUndoAt(Moment moment) throws IOException, InterruptedException {
    Trap late = monitor.arm(Moment.replyTo("transaction").number(2), Fault.hold());
    Trap thawed = agent.watch(Moment.replyTo("guest-fsfreeze-thaw"));
    Trap trap = monitor.arm(moment, Fault.hold());
    try (var process = snapshot("3s")) {
      thawed.await(PATIENCE);
      late.release();
      trap.await(PATIENCE);
      // The writer goes on meanwhile, so that there is something to lose.
      guest.awaitNextAck(PATIENCE);
      process.kill();
    } finally {
      trap.disarm();
    }
    drop();
  }

  private CommandLineProcess snapshot(String window) throws IOException {
    var arguments =
        new ArrayList<>(
            List.of(
                "snapshot",
                "--qmp",
                (passFds ? guest.qmp() : monitor.socket()).toString(),
                "--qga",
                AgentSafety.require(agent.socket()).toString(),
                "--name",
                "killed",
                "--freeze-window",
                window,
                "--timeout",
                "120s",
                "--state-dir",
                state().toString()));
    if (passFds) {
      arguments.add("--pass-fds");
    }
    return CommandLineProcess.start(Way.CLASS_PATH, directory, arguments.toArray(String[]::new));
  }

  /** What was held died with the process that it belonged to. */
  void drop() {
    monitor.cutNow(Side.SERVER);
    monitor.cutNow(Side.CLIENT);
    agent.cutNow(Side.SERVER);
    agent.cutNow(Side.CLIENT);
  }

  List<Path> overlays() {
    try (Stream<Path> files = Files.list(guest.directory())) {
      return files.filter(file -> file.toString().contains(".killed.")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void assertWritesOn() {
    try (QgaClient client = QgaClient.connect(Endpoint.unix(AgentSafety.require(guest))).join()) {
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
    }
    guest.awaitNextAck(PATIENCE);
  }

  void assertNothingOfOurs() {
    assertEquals(List.of(), overlays());
    try (QmpClient client = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      assertEquals(
          List.of(),
          client.execute(QueryNamedBlockNodes.of().withFlat(true)).join().stream()
              .map(BlockDeviceInfo::nodeName)
              .filter(name -> name != null && name.startsWith("sp-"))
              .toList());
      assertEquals(List.of(), client.execute(new QueryJobs()).join());
    }
  }

  /** The images that the machine's disks write to now. */
  List<String> activeImages() {
    try (QmpClient client = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      List<String> images = new ArrayList<>();
      for (BlockInfo block : client.execute(new QueryBlock()).join()) {
        BlockDeviceInfo inserted = block.inserted();
        if (inserted != null) {
          images.add(Objects.requireNonNull(inserted.file(), "an image has a file"));
        }
      }
      return images;
    }
  }

  /** QEMU ends in good order, so that its images must be whole. */
  void quit() {
    try (QmpClient client = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      var unused = client.execute(new Quit());
      await().atMost(PATIENCE).until(() -> !guest.isAlive());
    }
  }

  /** A recovery that has ended. */
  Run recover(String... options) throws IOException, InterruptedException {
    try (var process = startRecovery(options)) {
      return process.ended();
    }
  }

  CommandLineProcess startRecovery(String... options) throws IOException {
    var arguments = new ArrayList<>(List.of("recover", "--state-dir", state().toString()));
    arguments.addAll(List.of(options));
    return CommandLineProcess.start(Way.CLASS_PATH, directory, arguments.toArray(String[]::new));
  }

  void assertNothingLeft() throws IOException, InterruptedException {
    Run again = recover();
    assertEquals(0, again.code(), again::err);
    assertEquals("nothing is left to recover\n", again.out());
    assertEquals(List.of(), JournalDirectory.in(state()).operations());
  }

  /** What the killed operation wrote down last. */
  JournalEntry written() {
    return JournalDirectory.in(state()).operations().get(0).last().orElseThrow();
  }

  /** Whatever the guest was told to be on its disks is in its first images, when it has ended. */
  void assertNoWriteIsLost() {
    long acknowledged = guest.awaitNextAck(PATIENCE);
    quit();
    List<Path> images = guest.images();
    try (FrozenImage first = FrozenImage.of(images.get(0), "qcow2");
        FrozenImage second = FrozenImage.of(images.get(1), "qcow2");
        FrozenImage third = FrozenImage.of(images.get(2), "qcow2")) {
      Finding order =
          new WriteOrder(
                  List.of(first.ext4Sequence(), second.xfsSequence(), third.ext4Sequence()),
                  acknowledged)
              .judge();
      assertTrue(order.good(), order::seen);
    }
  }

  @Override
  public void close() {
    agent.close();
    monitor.close();
    guest.close();
  }
}
