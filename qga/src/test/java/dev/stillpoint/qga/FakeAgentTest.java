package dev.stillpoint.qga;

import static dev.stillpoint.qmp.testing.Failures.failure;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreezeList;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qga.qapi.GuestGetFsinfo;
import dev.stillpoint.qga.qapi.GuestGetOsinfo;
import dev.stillpoint.qga.qapi.GuestInfo;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qga.testing.FakeDisk;
import dev.stillpoint.qga.testing.FakeFileSystem;
import dev.stillpoint.qga.testing.FakeFileSystem.Freezing;
import dev.stillpoint.qmp.error.CommandException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The faults of the fake agent have the shapes that were seen on real ones. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FakeAgentTest {
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final FakeFileSystem ROOT =
      FakeFileSystem.of("vda1", "/", "ext4", FakeDisk.serial("root"));
  private static final FakeFileSystem DATA =
      FakeFileSystem.of("vdb", "/data", "xfs", FakeDisk.scsi(5, 1, 2).at("/dev/sda"));

  private final FakeAgent agent = FakeAgent.start();

  @AfterEach
  void closeAgent() {
    agent.close();
  }

  private QgaClient client() {
    return QgaClient.connect(agent.endpoint()).join();
  }

  @Test
  void aGhostFreezeRunsBeforeTheNextClientsSyncAndItsReplyIsNobodys() {
    // given
    agent.ghost("guest-fsfreeze-freeze");
    // when
    try (var client = client()) {
      // then
      assertEquals(
          List.of("guest-fsfreeze-freeze", "guest-sync-delimited", "guest-ping"), agent.commands());
      assertEquals(
          GuestFsfreezeStatusResult.FROZEN, client.execute(new GuestFsfreezeStatus()).join());
      assertEquals(FakeAgent.FILE_SYSTEMS, client.execute(new GuestFsfreezeThaw()).join());
    }
  }

  @Test
  void aGhostOfAStoppedAgentRunsWhenItResumes() {
    // given
    agent.ghost("guest-fsfreeze-freeze").stop();
    var connecting = QgaClient.connect(agent.endpoint());
    await().until(() -> agent.peer().connections() == 1);
    assertFalse(agent.guestFrozen());
    // when
    agent.resume();
    // then
    connecting.join().close();
    assertTrue(agent.guestFrozen());
  }

  @ParameterizedTest
  @CsvSource({
    "5.2.0, The command guest-fsfreeze-freeze has been disabled for this instance",
    "7.2.22, Command guest-fsfreeze-freeze has been disabled: the agent is in frozen state",
    "11.1.3, Command guest-fsfreeze-freeze has been disabled: the command is not allowed"
  })
  void aSecondFreezeIsRefusedInTheWordsOfItsVersion(String version, String words) {
    // given
    agent.guest().version(version);
    try (var client = client()) {
      client.execute(new GuestFsfreezeFreeze()).join();
      // when
      var refused =
          failure(CommandException.Refused.class, client.execute(new GuestFsfreezeFreeze()));
      // then
      assertEquals("CommandNotFound", refused.errorClass());
      assertEquals(words, refused.description());
      assertEquals(version, client.execute(new GuestInfo()).join().version());
      assertEquals(1, agent.freezes());
    }
  }

  @Test
  void aFreezeHookThatFailsLeavesTheGuestThawed() {
    // given
    agent.guest().failsFreezeHook();
    try (var client = client()) {
      // when
      var refused =
          failure(CommandException.Refused.class, client.execute(new GuestFsfreezeFreeze()));
      // then
      assertEquals("GenericError", refused.errorClass());
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
      assertFalse(agent.guestFrozen());
      assertEquals(0, agent.guest().hooksOwed());
    }
  }

  @Test
  void aThawHookThatFailsIsAnErrorOverAThawedGuest() {
    // given
    agent.guest().failsThawHook();
    try (var client = client()) {
      client.execute(new GuestFsfreezeFreeze()).join();
      // when
      var refused =
          failure(CommandException.Refused.class, client.execute(new GuestFsfreezeThaw()));
      // then
      assertEquals("GenericError", refused.errorClass());
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
      assertFalse(agent.guestFrozen());
      assertEquals(1, agent.guest().hooksOwed());
    }
  }

  @Test
  void aSlowFreezeIsThawedByWhatCameBehindIt() {
    // given a freeze that timed out, and a sync that gets no answer either
    agent.slow("guest-fsfreeze-freeze");
    try (var client = client()) {
      failure(CommandException.MayHaveRun.class, client.execute(new GuestFsfreezeFreeze(), SHORT));
      failure(CommandException.NotSent.class, client.execute(new GuestFsfreezeThaw(), SHORT));
      assertTrue(agent.guestFrozen());
      // when
      agent.resume();
      // then
      assertEquals(FakeAgent.FILE_SYSTEMS, client.execute(new GuestFsfreezeThaw()).join());
      assertFalse(agent.guestFrozen());
    }
  }

  @Test
  void theReplyToASlowFreezeComesBeforeThatOfASyncSentMeanwhile() throws IOException {
    // given
    agent.slow("guest-fsfreeze-freeze");
    try (var socket = SocketChannel.open(address())) {
      socket.write(
          ByteBuffer.wrap(
              """
              {"execute":"guest-fsfreeze-freeze"}
              {"execute":"guest-sync","arguments":{"id":7}}
              """
                  .getBytes(StandardCharsets.US_ASCII)));
      await().until(agent::guestFrozen);
      // when
      agent.resume();
      // then
      var replies = ByteBuffer.allocate("{\"return\":3}\n{\"return\":7}\n".length());
      while (replies.hasRemaining() && socket.read(replies) >= 0) {}
      assertEquals(
          "{\"return\":3}\n{\"return\":7}\n",
          new String(replies.array(), StandardCharsets.US_ASCII));
    }
  }

  private UnixDomainSocketAddress address() {
    return UnixDomainSocketAddress.of(agent.endpoint().toString().substring("unix:".length()));
  }

  @Test
  void aDeadAgentTakesAFewBytesAndThenWritesBlock() throws IOException {
    // given
    byte[] line = "{\"execute\":\"guest-ping\"}\n".getBytes(StandardCharsets.US_ASCII);
    try (var socket = SocketChannel.open(address())) {
      socket.configureBlocking(false);
      await().until(() -> agent.peer().connections() == 1);
      // when
      agent.die();
      int lines = 0;
      while (socket.write(ByteBuffer.wrap(line)) == line.length) {
        lines++;
      }
      // then
      int taken = lines * line.length;
      assertTrue(taken > 1_000 && taken < 64_000, taken + " bytes");
      assertEquals(List.of(), agent.commands());
      // and another agent reads and answers them
      agent.restart(true);
      socket.configureBlocking(true);
      assertEquals(lines, linesRead(socket, lines));
      assertEquals(lines, agent.commands().size());
    }
  }

  private static int linesRead(SocketChannel socket, int expected) throws IOException {
    var chunk = ByteBuffer.allocate(1024);
    int lines = 0;
    while (lines < expected && socket.read(chunk.clear()) >= 0) {
      for (byte one : Arrays.copyOf(chunk.array(), chunk.position())) {
        lines += one == '\n' ? 1 : 0;
      }
    }
    return lines;
  }

  @Test
  void aListPassesOverWhatIsNotMounted() {
    // given
    agent.guest().mounts(List.of(ROOT, DATA));
    try (var client = client()) {
      // when
      long bogus = client.execute(new GuestFsfreezeFreezeList(List.of("/absent"))).join();
      long one = client.execute(new GuestFsfreezeFreezeList(List.of("/absent", "/data"))).join();
      // then
      assertEquals(0, bogus);
      assertEquals(1, one);
      assertEquals(List.of("/data"), agent.guest().frozen());
    }
  }

  @Test
  void whatCannotBeFrozenIsPassedOverAndWhatFailsThawsAll() {
    // given
    var cdrom = FakeFileSystem.of("sr0", "/cdrom", "iso9660").whose(Freezing.SKIPPED);
    agent.guest().mounts(List.of(ROOT, cdrom, DATA));
    try (var client = client()) {
      assertEquals(2, client.execute(new GuestFsfreezeFreeze()).join());
      assertEquals(2, client.execute(new GuestFsfreezeThaw()).join());
      // when
      agent.guest().mounts(List.of(ROOT.whose(Freezing.FAILS), DATA));
      var refused =
          failure(CommandException.Refused.class, client.execute(new GuestFsfreezeFreeze()));
      // then
      assertTrue(refused.description().startsWith("failed to freeze /"), refused.description());
      assertFalse(agent.guestFrozen());
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
    }
  }

  @Test
  void aFreezeThatFrozeNothingLeavesAThawHookOwed() {
    // given
    agent.guest().mounts(0);
    try (var client = client()) {
      // when
      assertEquals(0, client.execute(new GuestFsfreezeFreeze()).join());
      // then
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
      assertEquals(1, agent.guest().hooksOwed());
      assertEquals(0, client.execute(new GuestFsfreezeThaw()).join());
      assertEquals(0, agent.guest().hooksOwed());
    }
  }

  @Test
  void aGuestThatThawsItselfTellsItByALowerCountOnly() {
    // given
    try (var client = client()) {
      client.execute(new GuestFsfreezeFreeze()).join();
      // when
      agent.guest().thawsByItself("/mnt/1");
      // then
      assertEquals(
          GuestFsfreezeStatusResult.FROZEN, client.execute(new GuestFsfreezeStatus()).join());
      assertEquals(2, client.execute(new GuestFsfreezeThaw()).join());
      assertThrows(IllegalStateException.class, () -> agent.guest().thawsByItself("/mnt/1"));
    }
  }

  @Test
  void windowsTellsOnlyAtTheThawThatItsWritersWereLetGo() {
    // given
    agent.guest().windows();
    try (var client = client()) {
      assertEquals("mswindows", client.execute(new GuestGetOsinfo()).join().id());
      assertEquals(2, client.execute(new GuestFsfreezeFreeze()).join());
      // when
      agent.guest().expireWriters();
      // then
      assertFalse(agent.guestFrozen());
      assertEquals(
          GuestFsfreezeStatusResult.FROZEN, client.execute(new GuestFsfreezeStatus()).join());
      var refused =
          failure(CommandException.Refused.class, client.execute(new GuestFsfreezeThaw()));
      assertTrue(refused.description().contains("limited up to 10 seconds"));
      assertEquals(
          GuestFsfreezeStatusResult.THAWED, client.execute(new GuestFsfreezeStatus()).join());
    }
  }

  @Test
  void windowsThatHeldItsWritersThawsWithoutAWord() {
    // given
    agent.guest().windows();
    try (var client = client()) {
      // when
      client.execute(new GuestFsfreezeFreeze()).join();
      // then
      assertEquals(2, client.execute(new GuestFsfreezeThaw()).join());
    }
  }

  @Test
  void whatTheAgentLacksAndWhatItsAdministratorForbids() {
    // given
    agent.guest().lacks("guest-get-fsinfo").disables("guest-get-osinfo");
    try (var client = client()) {
      // when
      var info = client.execute(new GuestInfo()).join();
      // then
      assertFalse(QgaClientTest.enabled(info).contains("guest-get-fsinfo"));
      assertFalse(QgaClientTest.enabled(info).contains("guest-get-osinfo"));
      assertTrue(QgaClientTest.enabled(info).contains("guest-fsfreeze-freeze-list"));
      for (QgaCommand<?> refused :
          List.<QgaCommand<?>>of(new GuestGetFsinfo(), new GuestGetOsinfo())) {
        var failure = failure(CommandException.Refused.class, client.execute(refused));
        assertEquals("CommandNotFound", failure.errorClass());
      }
    }
  }

  @Test
  void anAgentThatIsRestartedWithItsStateIsStillFrozen() {
    // given
    try (var client = client()) {
      client.execute(new GuestFsfreezeFreeze()).join();
      // when
      agent.restart(true);
      // then
      assertEquals(
          GuestFsfreezeStatusResult.FROZEN, client.execute(new GuestFsfreezeStatus()).join());
      assertTrue(agent.guestFrozen());
    }
  }
}
