package dev.stillpoint.qmp.transport;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits, on the event loop's own thread, until unix sockets of junixsocket can be read or written.
 *
 * <p>Netty's own handler cannot be used over junixsocket's selector for two reasons. It takes a key
 * that turned invalid for a channel that is closed, but junixsocket turns a key invalid when the
 * peer hangs up, while bytes of the peer may still wait to be read; here that is an event of its
 * own, {@link Readiness#hungUp()}. And a signal that interrupts the poll is an exception in
 * junixsocket, after which Netty's handler sleeps for a second.
 */
final class PollLoop implements IoHandler {

  /** So many polls may fail in a row (a signal fails one) before the loop gives its channels up. */
  static final int MAX_POLL_FAILURES = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(PollLoop.class);

  /** What a channel waits for, as bits of {@link SelectionKey}. */
  record Interest(int bits) implements IoOps {}

  /**
   * What a channel waited for has come.
   *
   * @param hungUp both directions are over; no further event follows, and what can still be read
   *     will not grow
   */
  record Readiness(boolean readable, boolean writable, boolean hungUp) implements IoEvent {}

  /** What can wait here. */
  interface Handle extends IoHandle {
    /** The socket, in non-blocking mode. */
    SelectableChannel socket();

    @Override
    void close();
  }

  private final ThreadAwareExecutor executor;
  private final Selector selector;

  /**
   * True while the loop waits, or is about to: only then a wake-up must go through the selector.
   */
  private final AtomicBoolean waiting = new AtomicBoolean();

  /** Who waits without a poll; null while the loop waits in one. */
  private volatile @Nullable Thread parked;

  /** How many sockets are in the selector; used on the loop's thread only. */
  private int registered;

  private int pollFailures;

  PollLoop(ThreadAwareExecutor executor, Selector selector) {
    this.executor = executor;
    this.selector = selector;
  }

  static IoHandlerFactory factory() {
    return executor -> {
      try {
        return new PollLoop(executor, AFUNIXSelectorProvider.provider().openSelector());
      } catch (IOException e) {
        throw new UncheckedIOException("No selector for unix sockets", e);
      }
    };
  }

  /** Lets nothing through: an exception would end the thread that every connection depends on. */
  @Override
  public int run(IoHandlerContext context) {
    try {
      poll(context);
    } catch (IOException | RuntimeException e) {
      pollFailed(e);
      return 0;
    }
    pollFailures = 0;
    return dispatch();
  }

  private void pollFailed(Exception cause) {
    // A signal, most likely: the kernel never restarts a poll.
    pollFailures++;
    LOG.debug("Poll failed, {} in a row", pollFailures, cause);
    if (pollFailures >= MAX_POLL_FAILURES) {
      LOG.error("Unix sockets cannot be polled; closing all of them", cause);
      pollFailures = 0;
      prepareToDestroy();
    }
  }

  private void poll(IoHandlerContext context) throws IOException {
    if (!context.canBlock()) {
      selector.selectNow();
      return;
    }
    parked = registered == 0 ? Thread.currentThread() : null;
    waiting.set(true);
    try {
      // Asked again: a task that came before the line above has woken nobody.
      long nanos = context.canBlock() ? context.delayNanos(System.nanoTime()) : 0;
      if (nanos <= 0) {
        selector.selectNow();
      } else if (parked != null) {
        // The selector still holds what left it last. Then there is nothing to poll, and a thread
        // that is in native code would delay the end of the JVM by 0.3 s.
        selector.selectNow();
        LockSupport.parkNanos(this, nanos);
      } else {
        long roundedUp = nanos + TimeUnit.MILLISECONDS.toNanos(1) - 1;
        selector.select(TimeUnit.NANOSECONDS.toMillis(roundedUp));
      }
    } finally {
      waiting.set(false);
    }
  }

  private int dispatch() {
    int handled = 0;
    for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
      SelectionKey key = keys.next();
      keys.remove();
      if (key.channel().isOpen() && key.attachment() instanceof Registration registration) {
        try {
          registration.dispatch();
        } catch (RuntimeException | AssertionError | LinkageError e) {
          LOG.error("A channel failed; closing it", e);
          registration.closeHandle();
        }
        handled++;
      }
    }
    return handled;
  }

  @Override
  public void wakeup() {
    if (!executor.isExecutorThread(Thread.currentThread()) && waiting.compareAndSet(true, false)) {
      Thread sleeper = parked;
      if (sleeper == null) {
        selector.wakeup();
      } else {
        LockSupport.unpark(sleeper);
      }
    }
  }

  @Override
  public IoRegistration register(IoHandle handle) throws IOException {
    return new Registration((Handle) handle);
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handleType) {
    return Handle.class.isAssignableFrom(handleType);
  }

  @Override
  public void prepareToDestroy() {
    for (SelectionKey key : List.copyOf(selector.keys())) {
      if (key.attachment() instanceof Registration registration) {
        registration.closeHandle();
      }
    }
  }

  @Override
  public void destroy() {
    // Netty asks for this before, but not when the shutdown comes while a task runs.
    prepareToDestroy();
    try {
      selector.close();
    } catch (IOException e) {
      LOG.warn("A selector could not be closed", e);
    }
  }

  /** One socket in the selector. All methods run on the loop's thread. */
  private final class Registration implements IoRegistration {

    private final Handle handle;
    private final SelectionKey key;
    private boolean cancelled;

    Registration(Handle handle) throws IOException {
      this.handle = handle;
      this.key = handle.socket().register(selector, 0, this);
      registered++;
    }

    void dispatch() {
      int ready = key.readyOps();
      handle.handle(
          this,
          new Readiness(
              (ready & SelectionKey.OP_READ) != 0,
              (ready & SelectionKey.OP_WRITE) != 0,
              !key.isValid()));
    }

    void closeHandle() {
      try {
        handle.close();
      } catch (RuntimeException | AssertionError | LinkageError e) {
        LOG.error("A channel could not be closed", e);
      }
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the interface's own shape
    public <T> T attachment() {
      return (T) key;
    }

    @Override
    public long submit(IoOps ops) {
      int bits = ((Interest) ops).bits();
      key.interestOps(bits);
      return bits;
    }

    @Override
    public boolean isValid() {
      return key.isValid();
    }

    @Override
    public boolean cancel() {
      if (!cancelled) {
        cancelled = true;
        registered--;
      }
      key.cancel();
      return true;
    }
  }
}
