package dev.stillpoint.qga;

import static dev.stillpoint.qga.AgentOnAClock.reply;
import static dev.stillpoint.qga.AgentOnAClock.request;
import static dev.stillpoint.qga.AgentOnAClock.syncReply;
import static dev.stillpoint.qga.AgentOnAClock.syncRequest;
import static dev.stillpoint.qmp.testing.Failures.failure;
import static dev.stillpoint.qmp.testing.Failures.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qmp.error.CommandException.MayHaveRun;
import dev.stillpoint.qmp.error.CommandException.NotSent;
import dev.stillpoint.qmp.error.CommandException.Refused;
import io.netty.handler.codec.TooLongFrameException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A session whose clock the test holds. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QgaSessionTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofHours(1);

  @Test
  void theFirstBytesAreTheSentinelAndASync() {
    // given
    var agent = new AgentOnAClock();
    // when
    var freeze = agent.ask(new GuestFsfreezeFreeze(), LONG);
    // then
    assertEquals(syncRequest(101), agent.written());
    // when the agent complains of the sentinel, and then is in step
    agent.receive("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\n");
    assertEquals("", agent.written());
    agent.receive(syncReply(101));
    // then
    assertEquals(request("guest-fsfreeze-freeze", 1), agent.written());
    agent.receive(reply("3", 1));
    assertEquals(3, freeze.join().value());
  }

  @Test
  void aSyncOfAnotherIdOrWithoutTheSentinelIsNoSync() {
    // given
    var agent = new AgentOnAClock();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), LONG);
    agent.written();
    // when
    agent.receive(syncReply(100));
    agent.receive("{\"return\": 101}\n");
    agent.receive("\u00ff{\"return\": \"101\"}\n");
    agent.receive("\u00ff{\"return\": 101.0}\n");
    // then
    assertEquals("", agent.written());
    assertFalse(freeze.isDone());
  }

  @Test
  void everythingBeforeTheLastSentinelIsDropped() {
    // given
    var agent = new AgentOnAClock();
    assertFalse(agent.ask(new GuestFsfreezeStatus(), LONG).isDone());
    agent.written();
    // when half a reply of an earlier client and an earlier sync stand before ours
    agent.receive("{\"return\": {\"a\u00ff{\"return\": 7}\u00ff{\"return\": 101}\n");
    // then
    assertEquals(request("guest-fsfreeze-status", 1), agent.written());
  }

  @Test
  void afterATimeoutNothingIsWrittenBeforeANewSyncWithAFreshIdWasAnswered() {
    // given a freeze that timed out
    var agent = AgentOnAClock.synchronised();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), SECOND);
    agent.pass(SECOND);
    failure(MayHaveRun.class, freeze);
    assertEquals(request("guest-fsfreeze-freeze", 1), agent.written());
    // when
    var thaw = agent.ask(new GuestFsfreezeThaw(), LONG);
    // then
    assertEquals(syncRequest(102), agent.written());
    // when the freeze is answered late, and then the sync
    agent.receive(reply("3", 1));
    agent.receive(syncReply(102));
    // then
    assertEquals(request("guest-fsfreeze-thaw", 2), agent.written());
    agent.receive(reply("4", 2));
    assertEquals(4, thaw.join().value());
    assertTrue(agent.channel.isOpen());
  }

  @Test
  void aFreezeWhoseSyncIsNotAnsweredIsNotSent() {
    // given
    var agent = new AgentOnAClock();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), SECOND);
    agent.written();
    // when
    agent.pass(SECOND);
    failure(NotSent.class, freeze);
    agent.receive(syncReply(101));
    // then it is not written afterwards either
    assertEquals("", agent.written());
  }

  @Test
  void oneCommandIsInFlightAndTheNextFollowsItsReplyAtOnce() {
    // given
    var agent = AgentOnAClock.synchronised();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), LONG);
    var status = agent.ask(new GuestFsfreezeStatus(), LONG);
    assertEquals(request("guest-fsfreeze-freeze", 1), agent.written());
    // when
    agent.receive(reply("1", 1));
    // then
    assertEquals(request("guest-fsfreeze-status", 2), agent.written());
    agent.receive(reply("\"frozen\"", 2));
    assertEquals(1, freeze.join().value());
    assertEquals(GuestFsfreezeStatusResult.FROZEN, status.join().value());
  }

  @Test
  void aReplyWithoutOurIdIsNotOurs() {
    // given
    var agent = AgentOnAClock.synchronised();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), LONG);
    // when
    agent.receive("{\"return\": 2}\n");
    agent.receive(reply("2", 7));
    agent.receive("\u00ff{\"return\": 2, \"id\": 1}\n");
    agent.receive("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\n");
    // then
    assertFalse(freeze.isDone());
  }

  @Test
  void anErrorWithOurIdIsARefusal() {
    // given
    var agent = AgentOnAClock.synchronised();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), LONG);
    // when
    agent.receive("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"x\"}, \"id\": 1}\n");
    // then
    assertEquals("CommandNotFound", failure(Refused.class, freeze).errorClass());
  }

  @Test
  void theQueueHasAnEnd() {
    // given
    var agent = AgentOnAClock.synchronised();
    for (int i = 0; i <= QgaSession.MAX_WAITING; i++) {
      assertFalse(agent.ask(new GuestFsfreezeStatus(), LONG).isDone());
    }
    // when
    var refused = agent.ask(new GuestFsfreezeStatus(), LONG);
    // then
    failure(NotSent.class, refused);
  }

  @Test
  void aDeadAgentThatTakesNoBytesIsNotGivenMoreAndMore() {
    // given an agent that died: its socket is full
    var agent = AgentOnAClock.synchronised();
    agent.block();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), SECOND);
    agent.pass(SECOND);
    failure(MayHaveRun.class, freeze);
    agent.written();
    // when a thaw is pursued for a long time
    for (int i = 0; i < 100; i++) {
      var thaw = agent.ask(new GuestFsfreezeThaw(), SECOND);
      agent.pass(SECOND);
      failure(NotSent.class, thaw);
    }
    // then one sync is on its way and no more
    assertEquals(syncRequest(102), agent.written());
    // when another agent takes over and answers it
    var thaw = agent.ask(new GuestFsfreezeThaw(), SECOND);
    agent.receive(syncReply(102));
    // then
    assertEquals(request("guest-fsfreeze-thaw", 102), agent.written());
    agent.receive(reply("3", 102));
    assertEquals(3, thaw.join().value());
  }

  @Test
  void anAgentThatTakesBytesIsAskedAgainAsItMayBeAnotherOne() {
    // given a sync that was never answered
    var agent = new AgentOnAClock();
    failsAfterASecond(agent);
    agent.written();
    // when
    assertFalse(agent.ask(new GuestFsfreezeThaw(), SECOND).isDone());
    // then
    assertEquals(syncRequest(102), agent.written());
  }

  private static void failsAfterASecond(AgentOnAClock agent) {
    var status = agent.ask(new GuestFsfreezeStatus(), SECOND);
    agent.pass(SECOND);
    failure(NotSent.class, status);
  }

  @Test
  void whateverTheGuestSendsTheConnectionStays() {
    // given
    var agent = AgentOnAClock.synchronised();
    var status = agent.ask(new GuestFsfreezeStatus(), LONG);
    // when
    agent.receive("\n\u00ff\n\u00ff\u00ff\nnull\n7\n[]\n{}\n\0\0\0{\n" + "[".repeat(5000) + "\n");
    agent.receive("{\"QMP\": {}}\n");
    agent.channel.pipeline().fireExceptionCaught(new TooLongFrameException());
    agent.receive(reply("\"thawed\"", 1));
    // then
    assertEquals(GuestFsfreezeStatusResult.THAWED, status.join().value());
    assertTrue(agent.channel.isOpen());
  }

  @Test
  void theEndOfTheConnectionTellsWhatMayHaveRun() {
    // given
    var agent = AgentOnAClock.synchronised();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), LONG);
    var thaw = agent.ask(new GuestFsfreezeThaw(), LONG);
    // when
    agent.channel.close().syncUninterruptibly();
    // then
    failure(MayHaveRun.class, freeze);
    failure(NotSent.class, thaw);
    failure(NotSent.class, agent.ask(new GuestFsfreezeStatus(), LONG));
    assertTrue(agent.session.closed().isDone());
  }

  @Test
  void aWriteThatFailsIsToldWhenTheConnectionEnds() {
    // given
    var agent = AgentOnAClock.synchronised();
    agent.failWrites();
    // when
    var thaw = agent.ask(new GuestFsfreezeThaw(), LONG);
    // then what was said before the end may still come
    assertFalse(thaw.isDone());
    agent.channel.close().syncUninterruptibly();
    assertTrue(message(failure(MayHaveRun.class, thaw)).contains("broken pipe"));
  }
}
