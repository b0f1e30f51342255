package dev.stillpoint.qmp;

import static dev.stillpoint.qmp.SessionOnAClock.CONNECT_TIMEOUT;
import static dev.stillpoint.qmp.SessionOnAClock.GREETING;
import static dev.stillpoint.qmp.SessionOnAClock.running;
import static dev.stillpoint.qmp.testing.Failures.failure;
import static dev.stillpoint.qmp.testing.Failures.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.MissingNode;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.error.CommandException.MayHaveRun;
import dev.stillpoint.qmp.error.CommandException.NotSent;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.qapi.RunState;
import dev.stillpoint.qmp.qapi.StatusInfo;
import dev.stillpoint.qmp.transport.PassedDescriptor;
import dev.stillpoint.qmp.wire.Pending;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.FileDescriptor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A session whose clock the test holds. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QmpSessionTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofHours(1);
  private static final String EVENT =
      "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}\r\n";

  @Test
  void nothingIsWrittenBeforeTheNegotiationHasEnded() {
    // given a command that is asked for early
    var monitor = new SessionOnAClock();
    var status = monitor.ask(LONG);
    assertEquals("", monitor.written());
    // when
    monitor.receive(GREETING);
    // then
    assertEquals("{\"execute\":\"qmp_capabilities\",\"id\":0}\n", monitor.written());
    assertFalse(monitor.session.ready().isDone());
    // when
    monitor.receive("{\"return\": {}, \"id\": 0}\r\n");
    // then
    assertEquals("{\"execute\":\"query-status\",\"id\":1}\n", monitor.written());
    monitor.receive(running(1));
    assertEquals(RunState.RUNNING, status.join().value().status());
  }

  @Test
  void anEventIsAnEventInEveryPhase() {
    // given
    var monitor = new SessionOnAClock();
    List<QmpEvent> told = new ArrayList<>();
    monitor.session.subscribe(
        new QmpSubscription(event -> true, told::add, Runnable::run, monitor.session::unsubscribe));
    var status = monitor.ask(LONG);
    // when
    monitor.receive(EVENT);
    monitor.receive(GREETING);
    monitor.receive(EVENT);
    monitor.receive("{\"return\": {}, \"id\": 0}\r\n");
    monitor.receive(EVENT);
    assertFalse(status.isDone());
    monitor.receive(running(1));
    // then
    assertEquals(RunState.RUNNING, status.join().value().status());
    assertEquals(3, told.size());
    assertEquals(Instant.ofEpochSecond(1, 2_000), told.get(0).timestamp());
  }

  @Test
  void noMoreThanEightAreInFlightAndTheOthersKeepTheirOrder() {
    // given
    var monitor = SessionOnAClock.negotiated();
    List<CompletableFuture<Timed<StatusInfo>>> replies = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      replies.add(monitor.ask(LONG));
    }
    assertEquals(8, monitor.written().lines().count());
    // when a reply overtakes
    monitor.receive(running(5));
    // then
    assertTrue(replies.get(4).isDone());
    assertEquals("{\"execute\":\"query-status\",\"id\":9}\n", monitor.written());
    assertEquals(1, replies.stream().filter(CompletableFuture::isDone).count());
  }

  @Test
  void theQueueBehindThemHasAnEnd() {
    // given
    var monitor = SessionOnAClock.negotiated();
    for (int i = 0; i < QmpSession.MAX_IN_FLIGHT + QmpSession.MAX_WAITING; i++) {
      assertFalse(monitor.ask(LONG).isDone());
    }
    // when
    var refused = monitor.ask(LONG);
    // then
    failure(NotSent.class, refused);
  }

  @Test
  void aTimeoutTellsWhetherTheCommandMayHaveRun() {
    // given eight in flight and one that waits
    var monitor = SessionOnAClock.negotiated();
    List<CompletableFuture<Timed<StatusInfo>>> replies = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      replies.add(monitor.ask(SECOND));
    }
    // when
    monitor.pass(SECOND.minusNanos(1));
    assertTrue(replies.stream().noneMatch(CompletableFuture::isDone));
    monitor.pass(Duration.ofNanos(1));
    // then
    failure(MayHaveRun.class, replies.get(7));
    failure(NotSent.class, replies.get(8));
  }

  @Test
  void aCommandThatTimedOutStillFillsItsPlaceAtTheMonitorUntilItIsAnswered() {
    // given
    var monitor = SessionOnAClock.negotiated();
    for (int i = 0; i < 8; i++) {
      assertFalse(monitor.ask(SECOND).isDone());
    }
    monitor.pass(SECOND);
    var next = monitor.ask(LONG);
    monitor.written();
    // when
    monitor.receive(running(1));
    // then
    assertEquals("{\"execute\":\"query-status\",\"id\":9}\n", monitor.written());
    assertEquals(1, monitor.session.lateReplies());
    assertFalse(next.isDone());
  }

  @Test
  void aReplyToNobodyIsNobodysReply() {
    // given
    var monitor = SessionOnAClock.negotiated();
    var status = monitor.ask(LONG);
    // when
    monitor.receive("{\"return\": {}}\r\n");
    monitor.receive(running(7));
    monitor.receive("{\"return\": {}, \"id\": \"1\"}\r\n");
    monitor.receive("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse\"}}\r\n");
    monitor.receive("{\"QMP\": {}}\r\n");
    // then
    assertFalse(status.isDone());
    assertTrue(monitor.channel.isOpen());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{|pretty=on",
        "SSH-2.0-OpenSSH_9|does not speak QMP",
        "[1]|does not speak QMP",
        "{\"hello\": 1}|does not speak QMP"
      })
  void whatIsNoMonitorIsSaidToBeNone(String line, String words) {
    // given
    var monitor = new SessionOnAClock();
    // when
    monitor.receive(line + "\r\n");
    // then
    var failure = failure(ProtocolException.class, monitor.session.ready());
    assertTrue(message(failure).contains(words), message(failure));
    assertFalse(monitor.channel.isOpen());
  }

  @Test
  void silenceEndsAtTheConnectTimeout() {
    // given
    var monitor = new SessionOnAClock();
    // when
    monitor.pass(CONNECT_TIMEOUT.minusNanos(1));
    assertFalse(monitor.session.ready().isDone());
    monitor.pass(Duration.ofNanos(1));
    // then
    var failure = failure(ProtocolException.class, monitor.session.ready());
    assertTrue(message(failure).contains("another client holds it"), message(failure));
  }

  @Test
  void aNegotiatedSessionOutlivesTheConnectTimeout() {
    // given
    var monitor = SessionOnAClock.negotiated();
    // when
    monitor.pass(CONNECT_TIMEOUT.multipliedBy(2));
    // then
    assertTrue(monitor.channel.isOpen());
  }

  @Test
  void aRefusedNegotiationIsAFailedConnect() {
    // given
    var monitor = new SessionOnAClock();
    monitor.receive(GREETING);
    // when
    monitor.receive("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}, \"id\": 0}\r\n");
    // then
    failure(ProtocolException.class, monitor.session.ready());
  }

  @Test
  void aLineThatIsNotJsonEndsTheSessionBecauseNothingBehindItCanBeTrusted() {
    // given
    var monitor = SessionOnAClock.negotiated();
    var status = monitor.ask(LONG);
    // when
    monitor.receive("{\"return\": \r\n");
    // then
    failure(MayHaveRun.class, status);
    assertFalse(monitor.channel.isOpen());
    assertTrue(monitor.session.closed().isDone());
  }

  @Test
  void aSlowListenerLosesTheNewestAndCountsThem() {
    // given a listener whose thread does not come
    var monitor = SessionOnAClock.negotiated();
    List<Runnable> postponed = new ArrayList<>();
    List<QmpEvent> told = new ArrayList<>();
    var subscription =
        new QmpSubscription(event -> true, told::add, postponed::add, monitor.session::unsubscribe);
    monitor.session.subscribe(subscription);
    // when
    for (int i = 0; i < QmpSubscription.MAX_WAITING + 3; i++) {
      monitor.receive(EVENT);
    }
    monitor.channel.close().syncUninterruptibly();
    assertFalse(subscription.ended().toCompletableFuture().isDone());
    assertEquals(1, postponed.size());
    postponed.get(0).run();
    // then
    assertEquals(3, subscription.dropped());
    assertEquals(QmpSubscription.MAX_WAITING, told.size());
    assertTrue(subscription.ended().toCompletableFuture().isDone());
  }

  @Test
  void whoSubscribesWhileTheConnectionEndsIsToldOfTheEndToo() {
    // given a session that has ended, and callers who have not been told yet
    List<Runnable> postponed = new ArrayList<>();
    var session =
        new QmpSession(new QmpOptions(CONNECT_TIMEOUT, QmpOptions.DEFAULT_TIMEOUT, postponed::add));
    var channel = new EmbeddedChannel(session);
    channel.close().syncUninterruptibly();
    // when
    var subscription =
        new QmpSubscription(event -> true, event -> {}, Runnable::run, session::unsubscribe);
    session.subscribe(subscription);
    postponed.forEach(Runnable::run);
    // then
    assertTrue(subscription.ended().toCompletableFuture().isDone());
  }

  @Test
  void anExecutorThatWasShutDownLeavesNobodyWaiting() {
    // given two commands, the first of a caller whose executor refuses
    var monitor = SessionOnAClock.negotiated();
    Executor refusing =
        task -> {
          throw new RejectedExecutionException();
        };
    var first = new Pending<>(new QueryStatus(), 100, LONG, refusing);
    monitor.session.submit(first);
    var second = monitor.ask(LONG);
    // when
    monitor.channel.close().syncUninterruptibly();
    // then
    failure(MayHaveRun.class, first.reply());
    failure(MayHaveRun.class, second);
  }

  @Test
  void aListenerThatFailsIsToldTheNextEventAllTheSame() {
    // given
    var monitor = SessionOnAClock.negotiated();
    List<QmpEvent> told = new ArrayList<>();
    monitor.session.subscribe(
        new QmpSubscription(
            event -> true,
            event -> {
              told.add(event);
              throw new AssertionError("a listener's own fault");
            },
            Runnable::run,
            monitor.session::unsubscribe));
    // when
    monitor.receive(EVENT);
    monitor.receive(EVENT);
    // then
    assertEquals(2, told.size());
  }

  @Test
  void aClosedSubscriptionTellsNoEventThatWaited() {
    // given
    var monitor = SessionOnAClock.negotiated();
    List<Runnable> postponed = new ArrayList<>();
    List<QmpEvent> told = new ArrayList<>();
    var subscription =
        new QmpSubscription(event -> true, told::add, postponed::add, monitor.session::unsubscribe);
    monitor.session.subscribe(subscription);
    monitor.receive(EVENT);
    // when
    subscription.close();
    monitor.receive(EVENT);
    postponed.forEach(Runnable::run);
    // then
    assertEquals(List.of(), told);
    assertEquals(0, subscription.dropped());
    assertTrue(subscription.ended().toCompletableFuture().isDone());
  }

  @Test
  void aWriteThatFailsLeavesTheRepliesThatAreOnTheirWay() {
    // given
    var monitor = SessionOnAClock.negotiated();
    var first = monitor.ask(LONG);
    monitor.failWrites();
    // when
    var second = monitor.ask(LONG);
    monitor.receive(running(1));
    // then
    assertEquals(RunState.RUNNING, first.join().value().status());
    assertTrue(message(failure(MayHaveRun.class, second)).contains("broken pipe"));
  }

  @Test
  void whatIsCancelledBeforeItIsSentIsNeverSentAndALateReplyIsNobodys() {
    // given a full window and one command that waits
    var monitor = SessionOnAClock.negotiated();
    List<Pending<StatusInfo>> asked = new ArrayList<>();
    for (int id = 1; id <= QmpSession.MAX_IN_FLIGHT + 1; id++) {
      asked.add(pending(id, new Pending.Way.InTurn()));
      monitor.session.submit(asked.get(id - 1));
    }
    monitor.written();
    // when the first and the last are cancelled, and the first is answered
    monitor.session.cancel(asked.get(0));
    monitor.session.cancel(asked.get(QmpSession.MAX_IN_FLIGHT));
    monitor.receive(running(1));
    // then
    assertEquals("", monitor.written());
    assertEquals(1, monitor.session.lateReplies());
    monitor.receive(running(2));
    assertEquals(RunState.RUNNING, asked.get(1).reply().join().value().status());
    failure(MayHaveRun.class, asked.get(0).reply());
    failure(NotSent.class, asked.get(QmpSession.MAX_IN_FLIGHT).reply());
  }

  @Test
  void outOfBandPassesAFullWindowAndInBandLeavesRoomForIt() {
    // given a monitor that offers it
    var monitor =
        new SessionOnAClock(new QmpOptions(CONNECT_TIMEOUT, LONG, Runnable::run).withOutOfBand());
    monitor.receive(GREETING);
    assertEquals(
        "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]},\"id\":0}\n",
        monitor.written());
    monitor.receive("{\"return\": {}, \"id\": 0}\n");
    // when
    for (int id = 1; id <= QmpSession.MAX_IN_FLIGHT; id++) {
      monitor.session.submit(pending(id, new Pending.Way.InTurn()));
    }
    // then QEMU's queue is never full
    assertEquals(QmpSession.MAX_IN_FLIGHT_BESIDE_OUT_OF_BAND, monitor.written().lines().count());
    // when
    var urgent = pending(100, new Pending.Way.OutOfBand());
    monitor.session.submit(urgent);
    // then
    assertEquals("{\"exec-oob\":\"query-status\",\"id\":100}\n", monitor.written());
    monitor.receive(running(100));
    assertEquals(RunState.RUNNING, urgent.reply().join().value().status());
  }

  @Test
  void outOfBandIsNotSentWhereItWasNotEnabled() {
    // given
    var monitor = SessionOnAClock.negotiated();
    var urgent = pending(100, new Pending.Way.OutOfBand());
    // when
    monitor.session.submit(urgent);
    // then
    failure(NotSent.class, urgent.reply());
    assertEquals("", monitor.written());
  }

  @Test
  void aSecondOpenFileWaitsUntilTheFirstIsTaken() {
    // given
    var monitor = SessionOnAClock.negotiated();
    var file = new Pending.Way.WithDescriptor(FileDescriptor.in);
    // when
    monitor.session.submit(pending(1, file));
    monitor.session.submit(pending(2, file));
    // then
    assertInstanceOf(PassedDescriptor.class, monitor.channel.readOutbound());
    assertNull(monitor.channel.readOutbound());
    monitor.receive(running(1));
    assertInstanceOf(PassedDescriptor.class, monitor.channel.readOutbound());
  }

  @Test
  void anEventThatTheFilterStopsTakesNoPlace() {
    // given a listener that is told later
    List<Runnable> postponed = new ArrayList<>();
    var subscription =
        new QmpSubscription(
            event -> event.name().equals("STOP"), event -> {}, postponed::add, done -> {});
    // when
    for (int i = 0; i < 2 * QmpSubscription.MAX_WAITING; i++) {
      subscription.offer(new QmpEvent("RTC_CHANGE", MissingNode.getInstance(), Instant.EPOCH));
    }
    // then
    assertEquals(0, subscription.dropped());
    assertEquals(List.of(), postponed);
  }

  private static Pending<StatusInfo> pending(long id, Pending.Way way) {
    return new Pending<>(new QueryStatus(), id, LONG, Runnable::run, way);
  }
}
