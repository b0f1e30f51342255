package dev.stillpoint.qmp.transport;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelectionKey;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;

@Timeout(60)
class PollLoopTest {

  private static final int ROUND_TRIPS = 5_000;

  private final FailingSelector failing = new FailingSelector();
  private AFUNIXSocketPair<AFUNIXSocketChannel> pair;
  private final List<IoEventLoop> loops = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    pair = AFUNIXSocketPair.open();
    pair.getSocket1().configureBlocking(false);
  }

  @AfterEach
  void close() throws Exception {
    for (IoEventLoop loop : loops) {
      loop.shutdownGracefully(0, 1, SECONDS).sync();
    }
    pair.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void noWakeUpIsLost(boolean polling) throws Exception {
    // A lost one would wait for the loop's next timer, up to a second each.
    IoEventLoop loop = realLoop();
    if (polling) {
      loop.register(new TestHandle()).get(10, SECONDS);
    }
    for (int i = 0; i < ROUND_TRIPS; i++) {
      loop.submit(() -> {}).get(10, SECONDS);
    }
  }

  @Test
  void aTaskThatComesJustBeforeThePollIsNotWaitedOver() {
    // given a task that comes after the first look at the queue and wakes nobody, as nobody waits
    // yet
    AtomicInteger looks = new AtomicInteger();
    IoHandlerContext context =
        new IoHandlerContext() {
          @Override
          public boolean canBlock() {
            return looks.incrementAndGet() == 1;
          }

          @Override
          public long delayNanos(long now) {
            return SECONDS.toNanos(1);
          }

          @Override
          public long deadlineNanos() {
            return System.nanoTime() + delayNanos(0);
          }
        };
    // when the loop polls
    new PollLoop(GlobalEventExecutor.INSTANCE, failing).run(context);
    // then it has looked again and does not wait
    assertEquals(2, looks.get());
    assertEquals(0, failing.waits.get());
  }

  @Test
  void aLoopWithoutSocketsIsNotInNativeCode() throws Exception {
    // given
    IoEventLoop loop = realLoop();
    Thread thread = loop.submit(Thread::currentThread).get(10, SECONDS);
    IoRegistration registration = loop.register(new TestHandle()).get(10, SECONDS);
    await().until(() -> thread.getState() == Thread.State.RUNNABLE);
    // when: its only socket leaves it, and is told to twice
    loop.submit(registration::cancel).get(10, SECONDS);
    loop.submit(registration::cancel).get(10, SECONDS);
    // then
    await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    // and a socket that comes later is polled
    var ready = new CompletableFuture<Void>();
    TestHandle later =
        new TestHandle() {
          @Override
          public void handle(IoRegistration unused, IoEvent event) {
            ready.complete(null);
          }
        };
    IoRegistration second = loop.register(later).get(10, SECONDS);
    loop.submit(() -> second.submit(new PollLoop.Interest(SelectionKey.OP_WRITE))).get(10, SECONDS);
    ready.get(10, SECONDS);
    loop.submit(second::cancel).get(10, SECONDS);
  }

  @Test
  void aTimerShorterThanAMillisecondFires() throws Exception {
    realLoop().schedule(() -> {}, 1, NANOSECONDS).get(10, SECONDS);
  }

  @Test
  void whatIsRegisteredIsClosedWithItsLoop() throws Exception {
    TestHandle handle = new TestHandle();
    IoEventLoop loop = realLoop();
    loop.register(handle).get(10, SECONDS);
    loop.shutdownGracefully(0, 1, SECONDS).sync();
    handle.closed.get(10, SECONDS);
  }

  @Test
  void aChannelThatFailsIsClosedAndTheLoopLivesOn() throws Exception {
    IoEventLoop loop = realLoop();
    TestHandle handle =
        new TestHandle() {
          @Override
          public void handle(IoRegistration registration, IoEvent event) {
            throw new IllegalStateException("on purpose");
          }
        };
    IoRegistration registration = loop.register(handle).get(10, SECONDS);
    loop.submit(() -> registration.submit(new PollLoop.Interest(SelectionKey.OP_WRITE)))
        .get(10, SECONDS);
    handle.closed.get(10, SECONDS);
    loop.submit(() -> {}).get(10, SECONDS);
  }

  @Test
  void anInterruptedPollIsPolledAgain() throws Exception {
    IoEventLoop loop = failingLoop();
    TestHandle handle = new TestHandle();
    loop.register(handle).get(10, SECONDS);
    failing.failures.set(PollLoop.MAX_POLL_FAILURES - 1);
    loop.submit(() -> {}).get(10, SECONDS);
    failing.recovered.get(10, SECONDS);
    assertFalse(handle.closed.isDone());
  }

  @Test
  void aPollThatFailsForEverClosesItsChannels() throws Exception {
    IoEventLoop loop = failingLoop();
    TestHandle handle = new TestHandle();
    loop.register(handle).get(10, SECONDS);
    failing.failures.set(PollLoop.MAX_POLL_FAILURES);
    loop.submit(() -> {}).get(10, SECONDS);
    handle.closed.get(10, SECONDS);
    assertEquals(0, failing.failures.get());
    assertTrue(loop.submit(() -> true).get(10, SECONDS));
  }

  private IoEventLoop realLoop() {
    return loop(PollLoop.factory());
  }

  private IoEventLoop failingLoop() {
    return loop(executor -> new PollLoop(executor, failing));
  }

  private IoEventLoop loop(IoHandlerFactory factory) {
    IoEventLoop loop = new MultiThreadIoEventLoopGroup(1, factory).next();
    loops.add(loop);
    return loop;
  }

  private class TestHandle implements PollLoop.Handle {

    final CompletableFuture<Void> closed = new CompletableFuture<>();

    @Override
    public SelectableChannel socket() {
      return pair.getSocket1();
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {}

    @Override
    public void close() {
      closed.complete(null);
    }
  }

  /** Finds nothing ready, and fails as often as it is told to. */
  private static final class FailingSelector extends AbstractSelector {

    final AtomicInteger failures = new AtomicInteger();
    final AtomicInteger waits = new AtomicInteger();
    final CompletableFuture<Void> recovered = new CompletableFuture<>();
    private final Set<SelectionKey> keys = new HashSet<>();

    FailingSelector() {
      super(SelectorProvider.provider());
    }

    @Override
    public int selectNow() throws IOException {
      if (failures.get() > 0) {
        if (failures.decrementAndGet() == 0) {
          recovered.complete(null);
        }
        throw new IOException("Interrupted system call");
      }
      return 0;
    }

    @Override
    public int select(long timeout) throws IOException {
      waits.incrementAndGet();
      return selectNow();
    }

    @Override
    public int select() throws IOException {
      return select(0);
    }

    @Override
    public Selector wakeup() {
      return this;
    }

    @Override
    public Set<SelectionKey> keys() {
      return keys;
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
      return new HashSet<>();
    }

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
      SelectionKey key = new IdleKey(channel, this);
      key.attach(attachment);
      keys.add(key);
      return key;
    }

    @Override
    protected void implCloseSelector() {}
  }

  private static final class IdleKey extends AbstractSelectionKey {

    private final SelectableChannel channel;
    private final Selector selector;

    IdleKey(SelectableChannel channel, Selector selector) {
      this.channel = channel;
      this.selector = selector;
    }

    @Override
    public SelectableChannel channel() {
      return channel;
    }

    @Override
    public Selector selector() {
      return selector;
    }

    @Override
    public int interestOps() {
      return 0;
    }

    @Override
    public SelectionKey interestOps(int ops) {
      return this;
    }

    @Override
    public int readyOps() {
      return 0;
    }
  }
}
