package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.command.GuestFsfreezeStatus;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.command.BlockInfo;
import dev.stillpoint.qmp.command.BlockNode;
import dev.stillpoint.qmp.command.QueryBlock;
import dev.stillpoint.qmp.command.QueryJobs;
import dev.stillpoint.qmp.command.QueryNamedBlockNodes;
import dev.stillpoint.qmp.command.Quit;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import dev.stillpoint.testkit.proxy.Trap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A snapshot of a real guest is killed at a named moment, and {@code recover} runs after it. */
@Timeout(240)
class RecoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The rehearsal is a transaction, too. */
  private static final Moment THE_CUT =
      Moment.request("transaction").where(line -> !line.contains("abort"));

  @TempDir private Path directory;

  /** One guest with proxies before its sockets, through which the killed process went. */
  private final class Scene implements AutoCloseable {
    final Guest guest = WarmGuest.start(GuestConfig.threeDisks());
    final FaultProxy monitor = FaultProxy.before(guest.qmp());
    final FaultProxy agent = FaultProxy.beforeAgent(guest);

    /** Starts a snapshot, and kills it once the line of this moment is held. */
    void killAt(FaultProxy proxy, Moment moment) throws IOException, InterruptedException {
      Trap trap = proxy.arm(moment, Fault.hold());
      try (var process =
          CommandLineProcess.start(
              Way.CLASS_PATH,
              directory,
              "snapshot",
              "--qmp",
              monitor.socket().toString(),
              "--qga",
              AgentSafety.require(agent.socket()).toString(),
              "--name",
              "killed",
              "--freeze-window",
              "60s",
              "--timeout",
              "120s",
              "--state-dir",
              state().toString())) {
        trap.await(PATIENCE);
        process.kill();
      } finally {
        trap.disarm();
      }
      // What was held died with the process that it belonged to.
      monitor.cutNow(Side.SERVER);
      monitor.cutNow(Side.CLIENT);
      agent.cutNow(Side.SERVER);
      agent.cutNow(Side.CLIENT);
    }

    List<Path> overlays() {
      try (Stream<Path> files = Files.list(guest.directory())) {
        return files.filter(file -> file.toString().contains(".killed.")).sorted().toList();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    void assertWritesOn() {
      try (QgaClient client = QgaClient.connect(Endpoint.unix(AgentSafety.require(guest))).join()) {
        assertEquals("thawed", client.execute(new GuestFsfreezeStatus()).join());
      }
      guest.awaitNextAck(PATIENCE);
    }

    void assertNothingOfOurs() {
      assertEquals(List.of(), overlays());
      try (QmpClient client = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
        assertEquals(
            List.of(),
            client.execute(new QueryNamedBlockNodes(true)).join().stream()
                .map(BlockNode::nodeName)
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
          BlockNode inserted = block.inserted();
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

    @Override
    public void close() {
      agent.close();
      monitor.close();
      guest.close();
    }
  }

  private Path state() {
    return directory.resolve("state");
  }

  private Run recover(String... options) throws IOException, InterruptedException {
    var arguments = new ArrayList<>(List.of("recover", "--state-dir", state().toString()));
    arguments.addAll(List.of(options));
    try (var process =
        CommandLineProcess.start(Way.CLASS_PATH, directory, arguments.toArray(String[]::new))) {
      return process.ended();
    }
  }

  private void assertNothingLeft() throws IOException, InterruptedException {
    Run again = recover();
    assertEquals(0, again.code(), again::err);
    assertEquals("nothing is left to recover\n", again.out());
    assertEquals(List.of(), JournalDirectory.in(state()).operations());
  }

  @Test
  void killedWhilePreparing() throws Exception {
    try (Scene scene = new Scene()) {
      // given: the overlays are made, and the rehearsal is asked for
      scene.killAt(scene.monitor, Moment.request("transaction"));
      assertEquals(3, scene.overlays().size());
      // when
      Run dry = recover("--dry-run");
      List<Path> afterDry = scene.overlays();
      Run run = recover();
      // then
      assertEquals(1, dry.code(), dry::toString);
      assertTrue(dry.out().contains("would remove the file"), dry::toString);
      assertEquals(3, afterDry.size());
      assertEquals(0, run.code(), run::toString);
      assertTrue(run.out().contains("removed the node"), run::toString);
      scene.assertNothingOfOurs();
      scene.assertWritesOn();
      assertNothingLeft();
    }
  }

  @Test
  void killedBetweenTheFreezeAndTheCut() throws Exception {
    try (Scene scene = new Scene()) {
      // given: the freeze was answered, and the cut does not reach QEMU
      scene.killAt(scene.monitor, THE_CUT);
      // when
      Run run = recover("-o", "json");
      // then
      assertEquals(0, run.code(), run::toString);
      JsonNode operation = new ObjectMapper().readTree(run.out()).path("operations").path(0);
      assertEquals("settled", operation.path("state").asText(), run::toString);
      assertEquals("thawed the guest", operation.path("done").path(0).asText(), run::toString);
      assertEquals(0, operation.path("disks").size(), run::toString);
      scene.assertNothingOfOurs();
      scene.assertWritesOn();
      assertNothingLeft();
    }
  }

  @Test
  void killedBetweenTheCutAndTheThaw() throws Exception {
    try (Scene scene = new Scene()) {
      // given: QEMU has cut, and nobody hears of it
      scene.killAt(scene.monitor, Moment.replyTo("transaction").number(2));
      // when
      Run run = recover();
      // then
      assertEquals(0, run.code(), run::toString);
      List<Path> overlays = scene.overlays();
      assertEquals(3, overlays.size());
      for (int i = 0; i < 3; i++) {
        Path base = scene.guest.images().get(i);
        assertTrue(run.out().contains("the machine writes to: " + overlays.get(i)), run::toString);
        assertTrue(run.out().contains("a backup may read:     " + base), run::toString);
      }
      assertTrue(run.out().contains("Store the new ones"), run::toString);
      assertEquals(overlays.stream().map(Path::toString).toList(), scene.activeImages());
      scene.assertWritesOn();
      assertNothingLeft();
      scene.quit();
      for (Path overlay : overlays) {
        HostCommand.run(directory, List.of("qemu-img", "check", "-q", overlay.toString()));
      }
    }
  }

  /** Whether QEMU has heard that it is to complete the job, which nobody ends then but itself. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void killedWhileTheCutIsTakenBack(boolean completed) throws Exception {
    try (Scene scene = new Scene()) {
      // given: a thaw whose reply is lost does not prove that the freeze held
      scene.agent.arm(Moment.replyTo("guest-fsfreeze-thaw"), Fault.drop());
      scene.killAt(
          scene.monitor,
          completed ? Moment.replyTo("job-complete") : Moment.request("job-complete"));
      scene.guest.awaitNextAck(PATIENCE);
      scene.guest.awaitNextAck(PATIENCE);
      // when
      Run run = recover();
      // then
      assertEquals(0, run.code(), run::toString);
      for (int i = 0; i < 3; i++) {
        assertTrue(run.out().contains("took the cut of disk vd" + i + " back"), run::toString);
      }
      scene.assertNothingOfOurs();
      assertEquals(
          scene.guest.images().stream().map(Path::toString).toList(), scene.activeImages());
      scene.assertWritesOn();
      assertNothingLeft();
    }
  }

  @Test
  void aRecoveryThatIsKilledInTheMiddleIsTakenUpByTheNext() throws Exception {
    try (Scene scene = new Scene()) {
      // given
      scene.killAt(scene.monitor, THE_CUT);
      Trap removal = scene.monitor.arm(Moment.request("blockdev-del").number(2), Fault.hold());
      try (var process =
          CommandLineProcess.start(
              Way.CLASS_PATH, directory, "recover", "--state-dir", state().toString())) {
        removal.await(PATIENCE);
        // when
        process.kill();
      } finally {
        removal.disarm();
      }
      scene.monitor.cutNow(Side.SERVER);
      scene.monitor.cutNow(Side.CLIENT);
      Run run = recover();
      // then
      assertEquals(0, run.code(), run::toString);
      scene.assertNothingOfOurs();
      scene.assertWritesOn();
      assertNothingLeft();
    }
  }
}
