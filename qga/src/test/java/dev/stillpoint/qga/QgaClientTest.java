package dev.stillpoint.qga;

import static dev.stillpoint.qmp.testing.Failures.failure;
import static dev.stillpoint.qmp.testing.Failures.message;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qga.qapi.GuestAgentCommandInfo;
import dev.stillpoint.qga.qapi.GuestAgentInfo;
import dev.stillpoint.qga.qapi.GuestDiskBusType;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreezeList;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qga.qapi.GuestGetDisks;
import dev.stillpoint.qga.qapi.GuestGetFsinfo;
import dev.stillpoint.qga.qapi.GuestInfo;
import dev.stillpoint.qga.qapi.GuestPCIAddress;
import dev.stillpoint.qga.qapi.GuestSyncDelimited;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qga.testing.FakeBlockDevice;
import dev.stillpoint.qga.testing.FakeDisk;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import dev.stillpoint.qmp.wire.Json;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client and an agent on a real socket; the agent's freeze is a number in this process. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QgaClientTest {
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final QgaOptions IMPATIENT = QgaOptions.defaults().withConnectTimeout(SHORT);

  private final FakeAgent agent = FakeAgent.start();

  @AfterEach
  void closeAgent() {
    agent.close();
  }

  /** What an agent knows and is allowed to run. */
  static List<String> enabled(GuestAgentInfo info) {
    return info.supportedCommands().stream()
        .filter(GuestAgentCommandInfo::enabled)
        .map(GuestAgentCommandInfo::name)
        .toList();
  }

  @Test
  void aFreezeAndItsThawWithNothingBetween() {
    // given
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      long frozen = client.execute(new GuestFsfreezeFreeze()).join();
      GuestFsfreezeStatusResult meanwhile = client.execute(new GuestFsfreezeStatus()).join();
      long thawed = client.execute(new GuestFsfreezeThaw()).join();
      // then
      assertEquals(FakeAgent.FILE_SYSTEMS, frozen);
      assertEquals(GuestFsfreezeStatusResult.FROZEN, meanwhile);
      assertEquals(FakeAgent.FILE_SYSTEMS, thawed);
      assertFalse(agent.guestFrozen());
      assertEquals(
          List.of(
              "guest-sync-delimited",
              "guest-ping",
              "guest-fsfreeze-freeze",
              "guest-fsfreeze-status",
              "guest-fsfreeze-thaw"),
          agent.commands());
    }
  }

  @Test
  void whatTheAgentTellsOfItselfAndItsFileSystems() {
    // given
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      var info = client.execute(new GuestInfo()).join();
      var fileSystems = client.execute(new GuestGetFsinfo()).join();
      // then
      assertTrue(enabled(info).contains("guest-fsfreeze-freeze"));
      assertFalse(enabled(info).contains("guest-set-user-password"));
      assertEquals("/mnt/2", fileSystems.get(2).mountpoint());
      assertEquals("disk2", fileSystems.get(2).disk().get(0).serial());
    }
  }

  @Test
  void aListThatNamesNothingFreezesNothing() {
    // given
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      long frozen = client.execute(new GuestFsfreezeFreezeList(List.of())).join();
      // then
      assertEquals(0, frozen);
    }
  }

  @Test
  void whatAnEarlierClientLeftIsNobodysReply() {
    // given the reply to another's freeze, and half a line
    agent.leftover("{\"return\": 2}\n{\"return\": {\"ver");
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      GuestFsfreezeStatusResult status = client.execute(new GuestFsfreezeStatus()).join();
      // then
      assertEquals(GuestFsfreezeStatusResult.THAWED, status);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"SPLIT", "TWICE", "GARBAGE_BEFORE"})
  void anOddReplyToFreezeIsAReplyAndThawGetsItsOwn(Fault fault) {
    // given
    agent.fault("guest-fsfreeze-freeze", fault).withFileSystems(5);
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      long frozen = client.execute(new GuestFsfreezeFreeze()).join();
      GuestFsfreezeStatusResult status = client.execute(new GuestFsfreezeStatus()).join();
      // then
      assertEquals(5, frozen);
      assertEquals(GuestFsfreezeStatusResult.FROZEN, status);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"LOST", "HELD"})
  void afterATimeoutTheSameConnectionIsBroughtIntoStepAndTheThawGetsItsOwnReply(Fault fault) {
    // given a freeze whose reply does not come in time
    agent.fault("guest-fsfreeze-freeze", fault);
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      failure(CommandException.MayHaveRun.class, client.execute(new GuestFsfreezeFreeze(), SHORT));
      // when it comes now, or never, and the guest is thawed
      agent.peer().releaseReplies();
      agent.peer().send("{\"return\": 99}\n".getBytes(UTF_8));
      long thawed = client.execute(new GuestFsfreezeThaw()).join();
      // then
      assertEquals(FakeAgent.FILE_SYSTEMS, thawed);
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
      assertEquals(1, agent.peer().connections());
      assertEquals(
          List.of(
              "guest-sync-delimited",
              "guest-ping",
              "guest-fsfreeze-freeze",
              "guest-sync-delimited",
              "guest-fsfreeze-thaw",
              "guest-fsfreeze-status"),
          agent.commands());
    }
  }

  @Test
  void aStoppedAgentRunsTheQueuedFreezeWhenItResumesAndTheThawComesAfterIt() {
    // given an agent that is stopped, a freeze that timed out, and a thaw that waits
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      agent.stop();
      failure(CommandException.MayHaveRun.class, client.execute(new GuestFsfreezeFreeze(), SHORT));
      var thaw = client.execute(new GuestFsfreezeThaw(), Duration.ofSeconds(10));
      // when
      agent.resume();
      // then
      assertEquals(FakeAgent.FILE_SYSTEMS, thaw.join());
      assertEquals(1, agent.freezes());
      assertFalse(agent.guestFrozen());
    }
  }

  @Test
  void aFreezeIsNeverWrittenBeforeAnAgentAnsweredOnThisConnection() {
    // given an agent that stops answering and a connection that is out of step
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      agent.stop();
      failure(CommandException.MayHaveRun.class, client.execute(new GuestInfo(), SHORT));
      // when
      var refused =
          failure(CommandException.NotSent.class, client.execute(new GuestFsfreezeFreeze(), SHORT));
      // then
      assertEquals("guest-fsfreeze-freeze", refused.command());
      agent.resume();
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
      assertEquals(0, agent.freezes());
    }
  }

  @Test
  void anAgentThatWasRestartedWithoutItsStateBelievesWhatIsNotTrue() {
    // given
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      client.execute(new GuestFsfreezeFreeze()).join();
      // when
      agent.restart(false);
      // then its word proves nothing, and a thaw still thaws
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
      assertTrue(agent.guestFrozen());
      assertEquals(FakeAgent.FILE_SYSTEMS, client.execute(new GuestFsfreezeThaw()).join());
      assertFalse(agent.guestFrozen());
    }
  }

  @Test
  void aRefusedFreezeKeepsTheAgentsWords() {
    // given
    agent.refuse("guest-fsfreeze-freeze", "hook failed");
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      var refused =
          failure(CommandException.Refused.class, client.execute(new GuestFsfreezeFreeze()));
      // then
      assertEquals("GenericError", refused.errorClass());
      assertEquals("hook failed", refused.description());
    }
  }

  @Test
  void theEndOfTheConnectionFailsEveryWaiter() {
    // given
    agent.fault("guest-fsfreeze-freeze", Fault.CLOSED);
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      var freeze = client.execute(new GuestFsfreezeFreeze());
      var thaw = client.execute(new GuestFsfreezeThaw());
      // then the one may have run and the other has not
      failure(CommandException.MayHaveRun.class, freeze);
      failure(CommandException.NotSent.class, thaw);
      client.closed().toCompletableFuture().join();
      assertFalse(client.isOpen());
    }
  }

  @Test
  void anAgentThatIsNotThereIsSaidToBeAbsent() {
    // given
    agent.stop();
    // when
    var failure =
        failure(AgentUnavailableException.class, QgaClient.connect(agent.endpoint(), IMPATIENT));
    // then
    assertTrue(message(failure).contains("no guest agent answers"), message(failure));
    // and nothing but syncs can be run by it later
    agent.resume();
    await().untilAsserted(() -> assertEquals(List.of("guest-sync-delimited"), agent.commands()));
  }

  @Test
  void aMonitorIsNoAgent() {
    // given
    try (var monitor = FakeQmpServer.start()) {
      // when
      var failure = failure(AgentUnavailableException.class, QgaClient.connect(monitor.endpoint()));
      // then
      assertTrue(message(failure).contains("QMP monitor"), message(failure));
    }
  }

  @Test
  void synchronisingOnRequestStaysOnTheConnection() {
    // given
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      client.synchronise(Duration.ofSeconds(10)).join();
      // then
      assertEquals(
          List.of("guest-sync-delimited", "guest-ping", "guest-sync-delimited", "guest-ping"),
          agent.commands());
    }
  }

  @Test
  void aDelimitedSyncByHandIsAnswered() {
    // given
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      long echo = client.execute(new GuestSyncDelimited(42)).join();
      // then
      assertEquals(42, echo);
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
    }
  }

  @Test
  void aCommandWithoutARecordIsExecutedByItsName() {
    // given
    agent.guest().answers("guest-echo", arguments -> arguments);
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      var arguments = Json.object().put("a", 1);
      // then
      assertEquals(arguments, client.execute("guest-echo", arguments, SHORT).join());
    }
  }

  @Test
  void theDisksOfTheGuestAndWhatItMadeOfThem() {
    // given
    agent
        .guest()
        .disks(
            List.of(
                FakeBlockDevice.disk("/dev/sda", FakeDisk.scsi(5, 1, 2)),
                FakeBlockDevice.partition("/dev/sda1", "/dev/sda"),
                FakeBlockDevice.on("/dev/dm-0", "/dev/sda1")));
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      // when
      var devices = client.execute(new GuestGetDisks()).join();
      // then
      var address = Objects.requireNonNull(devices.get(0).address());
      assertEquals(GuestDiskBusType.SCSI, address.busType());
      assertEquals(new GuestPCIAddress(0, 0, 5, 0), address.pciController());
      assertEquals(List.of(1L, 2L), List.of(address.target(), address.unit()));
      assertTrue(devices.get(1).partition());
      assertEquals(List.of("/dev/sda1"), devices.get(2).dependencies());
    }
  }
}
