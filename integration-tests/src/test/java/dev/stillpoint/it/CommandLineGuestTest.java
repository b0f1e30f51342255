package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The four commands on a real guest, and what signals do to them. */
@Timeout(180)
class CommandLineGuestTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private CommandLineProcess start(String... arguments) throws IOException {
    return CommandLineProcess.start(Way.CLASS_PATH, directory, arguments);
  }

  private Run run(String... arguments) throws IOException, InterruptedException {
    try (var process = start(arguments)) {
      return process.ended();
    }
  }

  /** Holds the guest until it is ended; returns once the command in the hold runs. */
  private CommandLineProcess held(Guest guest, String... options) throws IOException {
    Path holding = directory.resolve("holding");
    var arguments = new ArrayList<String>();
    arguments.addAll(List.of("freeze", "--qga", guest.agent().toString()));
    arguments.addAll(List.of("--state-dir", directory.resolve("state").toString()));
    arguments.addAll(List.of(options));
    arguments.addAll(List.of("--for", "10m", "--", "sh", "-c"));
    arguments.add("touch '" + holding + "'; exec sleep 600");
    var process = start(arguments.toArray(String[]::new));
    await().atMost(PATIENCE).until(() -> Files.exists(holding));
    return process;
  }

  @Test
  void anOperationThatCameByAnotherSocketHasTheMachineToo() throws Exception {
    // given: it knows the agent alone
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        CommandLineProcess freeze = held(guest)) {
      // when: this one knows the monitor alone
      Run run = run("snapshot", "--qmp", guest.qmp().toString(), "--name", "second");
      // then
      assertEquals(1, run.code(), run::toString);
      assertTrue(run.err().contains("(freeze) of process " + freeze.pid()), run::toString);
      freeze.terminate();
      assertEquals(1, freeze.ended().code());
    }
  }

  @Test
  void aQuiescedSnapshotOfThreeDisks() throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      // when
      Run run =
          run(
              "snapshot",
              "--qmp",
              guest.qmp().toString(),
              "--qga",
              guest.agent().toString(),
              "--name",
              "nightly",
              "-o",
              "json");
      Run status = run("status", "--qga", guest.agent().toString());
      // then
      assertEquals(0, run.code(), run.err());
      JsonNode told = new ObjectMapper().readTree(run.out());
      assertEquals("filesystem", told.path("consistency").asText(), run.out());
      assertEquals("thawed", told.path("guest").asText(), run.out());
      assertEquals(1, told.path("commandsInHold").asInt(), run.out());
      assertEquals(3, told.path("disks").size(), run.out());
      assertEquals("thawed\n", status.out());
      guest.awaitNextAck(PATIENCE);
    }
  }

  @Test
  void theDoctorTellsWhatASnapshotWouldCoverAndHowLongAFreezeTakes() throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      String qmp = guest.qmp().toString();
      String qga = guest.agent().toString();
      // when
      Run well = run("doctor", "--qmp", qmp, "--qga", qga, "--try-freeze", "-o", "json");
      Run words = run("doctor", "--qmp", qmp, "--qga", qga, "--disk", "vd0");
      guest.signalAgent("KILL");
      Run ill = run("doctor", "--qmp", qmp, "--qga", qga);
      // then
      assertEquals(0, well.code(), well::toString);
      JsonNode told = new ObjectMapper().readTree(well.out());
      assertTrue(told.path("wouldWork").asBoolean(), well.out());
      assertEquals("[\"vd0\",\"vd1\",\"vd2\"]", told.path("disks").toString());
      assertEquals(3, told.path("fileSystems").size(), well.out());
      assertTrue(told.path("freezeMs").asDouble() > 0, well.out());
      assertEquals(0, words.code(), words::toString);
      assertTrue(words.out().contains("file system /data0 (ext4) on vd0"), words.out());
      assertTrue(words.out().contains("/data1 (xfs) lies on a disk that is not cut"), words.out());
      assertEquals(1, ill.code(), ill::toString);
      assertTrue(ill.out().contains("would NOT work"), ill.out());
      guest.awaitNextAck(PATIENCE);
    }
  }

  @Test
  void aHeldGuestWritesOnAfterASignal() throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        var process = held(guest)) {
      // when
      process.terminate();
      // then
      assertEquals(1, process.ended().code());
      guest.awaitNextAck(PATIENCE);
    }
  }

  @Test
  void anAgentThatStopsInTheHoldIsThreeAndThawPursuesItLater() throws Exception {
    // given
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        var process = held(guest, "--thaw-bound", "2s")) {
      guest.signalAgent("STOP");
      // when
      process.terminate();
      Run left = process.ended();
      guest.signalAgent("CONT");
      Run thaw = run("thaw", "--qga", guest.agent().toString());
      // then
      assertEquals(3, left.code(), left.err());
      assertTrue(left.err().contains("may be frozen"), left.err());
      assertEquals(0, thaw.code(), thaw.err());
      guest.awaitNextAck(PATIENCE);
    }
  }
}
