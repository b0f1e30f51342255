package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.transport.PollLoop.Interest;
import dev.stillpoint.qmp.transport.PollLoop.Readiness;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import org.jspecify.annotations.Nullable;

/**
 * A Netty channel over a connected unix socket.
 *
 * <p>Every readable byte is delivered before {@code channelInactive}, also when the peer hung up or
 * a write failed: a failed write ends the output only. Nothing is read from the socket while
 * auto-read is off and nobody asks. With {@code ALLOW_HALF_CLOSURE} the end of the input is a
 * {@link ChannelInputShutdownEvent}; the channel closes by itself once both directions are over.
 */
final class UnixChannel extends AbstractChannel implements DuplexChannel {

  private static final int MAX_READS_IN_A_ROW = 16;
  private static final ChannelMetadata METADATA = new ChannelMetadata(false, MAX_READS_IN_A_ROW);

  private final UnixSocket socket;
  private final UnixChannelConfig config;

  private volatile boolean inputShutdown;
  private volatile boolean outputShutdown;

  // The rest belongs to the event loop.
  private @Nullable IoRegistration registration;
  private int interest;
  private boolean readWanted;
  private boolean hungUp;
  private boolean drainScheduled;

  @SuppressWarnings("NullAway") // a channel without a parent
  UnixChannel(UnixSocket socket) {
    super(null);
    this.socket = socket;
    this.config = new UnixChannelConfig(this);
    // A write that fails must not close the channel: what the peer said before is still to be read.
    config.setAutoClose(false);
  }

  @Override
  public UnixChannelConfig config() {
    return config;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  public boolean isOpen() {
    return socket.isOpen();
  }

  @Override
  public boolean isActive() {
    return isOpen();
  }

  @Override
  protected @Nullable SocketAddress localAddress0() {
    return null;
  }

  @Override
  protected @Nullable SocketAddress remoteAddress0() {
    return socket.remote();
  }

  @Override
  protected boolean isCompatible(EventLoop loop) {
    return loop instanceof IoEventLoop io && io.isCompatible(UnixUnsafe.class);
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new UnixUnsafe();
  }

  UnixSocket socket() {
    return socket;
  }

  private UnixUnsafe handle() {
    return (UnixUnsafe) unsafe();
  }

  // Registration and interest

  @Override
  protected void doRegister(ChannelPromise promise) {
    var unused =
        ((IoEventLoop) eventLoop())
            .register(handle())
            .addListener(done -> {
              if (done.isSuccess()) {
                registration = (IoRegistration) done.getNow();
                promise.setSuccess();
              } else {
                promise.setFailure(done.cause());
              }
            });
  }

  @Override
  protected void doDeregister() {
    if (registration != null) {
      registration.cancel();
      registration = null;
    }
  }

  private void setInterest(int bits) {
    if (bits != interest && registration != null) {
      interest = bits;
      registration.submit(new Interest(bits));
    }
  }

  // Reading

  @Override
  protected void doBeginRead() {
    if (inputShutdown) {
      return;
    }
    readWanted = true;
    if (!hungUp) {
      setInterest(interest | SelectionKey.OP_READ);
    } else if (!drainScheduled) {
      // The selector has dropped a socket that hung up; what it still holds is read without being
      // told.
      drainScheduled = true;
      eventLoop().execute(this::drain);
    }
  }

  private void drain() {
    drainScheduled = false;
    if (isOpen() && readWanted && !inputShutdown) {
      handle().read();
    }
  }

  /** Auto-read was turned off; called from any thread. */
  void stopReading() {
    if (!isRegistered()) {
      readWanted = false;
    } else if (eventLoop().inEventLoop()) {
      stopReadingNow();
    } else {
      eventLoop()
          .execute(() -> {
            if (!config.isAutoRead()) {
              stopReadingNow();
            }
          });
    }
  }

  private void stopReadingNow() {
    readWanted = false;
    setInterest(interest & ~SelectionKey.OP_READ);
  }

  // Writing

  @Override
  protected Object filterOutboundMessage(Object message) {
    if (message instanceof PassedDescriptor) {
      return message;
    }
    if (!(message instanceof ByteBuf buffer)) {
      throw new UnsupportedOperationException("Not bytes: " + message.getClass());
    }
    if (buffer.isDirect()) {
      return buffer;
    }
    ByteBuf direct = alloc().directBuffer(buffer.readableBytes());
    direct.writeBytes(buffer, buffer.readerIndex(), buffer.readableBytes());
    ReferenceCountUtil.release(buffer);
    return direct;
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer pending) throws IOException {
    for (int spins = config.getWriteSpinCount(); spins > 0; spins--) {
      Object message = pending.current();
      if (message == null) {
        setInterest(interest & ~SelectionKey.OP_WRITE);
        return;
      }
      ByteBuf buffer =
          message instanceof PassedDescriptor with ? with.content() : (ByteBuf) message;
      if (buffer.isReadable()) {
        int written = write(message, buffer);
        pending.progress(written);
        if (written == 0) {
          break;
        }
      }
      if (!buffer.isReadable()) {
        pending.remove();
      }
    }
    setInterest(
        pending.isEmpty() ? interest & ~SelectionKey.OP_WRITE : interest | SelectionKey.OP_WRITE);
  }

  private int write(Object message, ByteBuf buffer) throws IOException {
    if (!(message instanceof PassedDescriptor with) || with.isPassed()) {
      return socket.write(buffer);
    }
    int written = socket.writePassing(buffer, with.descriptor());
    if (written > 0) {
      with.markPassed();
    }
    return written;
  }

  // The ends

  @Override
  public boolean isInputShutdown() {
    return inputShutdown || !isOpen();
  }

  @Override
  public boolean isOutputShutdown() {
    return outputShutdown || !isOpen();
  }

  @Override
  public boolean isShutdown() {
    return isInputShutdown() && isOutputShutdown();
  }

  @Override
  public ChannelFuture shutdownInput() {
    return shutdownInput(newPromise());
  }

  @Override
  public ChannelFuture shutdownInput(ChannelPromise promise) {
    return onLoop(
        promise,
        () -> {
          try {
            socket.shutdownInput();
            inputShutdown = true;
            stopReadingNow();
            promise.trySuccess();
          } catch (IOException e) {
            promise.tryFailure(e);
          }
        });
  }

  @Override
  public ChannelFuture shutdownOutput() {
    return shutdownOutput(newPromise());
  }

  @Override
  public ChannelFuture shutdownOutput(ChannelPromise promise) {
    return onLoop(promise, () -> handle().shutdownOutput(promise));
  }

  @Override
  public ChannelFuture shutdown() {
    return shutdown(newPromise());
  }

  /** Both directions are over: nothing is left but to close. */
  @Override
  public ChannelFuture shutdown(ChannelPromise promise) {
    return close(promise);
  }

  private ChannelFuture onLoop(ChannelPromise promise, Runnable task) {
    if (eventLoop().inEventLoop()) {
      task.run();
    } else {
      eventLoop().execute(task);
    }
    return promise;
  }

  @Override
  protected void doShutdownOutput() throws IOException {
    outputShutdown = true;
    setInterest(interest & ~SelectionKey.OP_WRITE);
    socket.shutdownOutput();
  }

  @Override
  protected void doClose() throws IOException {
    inputShutdown = true;
    outputShutdown = true;
    socket.close();
  }

  @Override
  protected void doDisconnect() throws IOException {
    doClose();
  }

  @Override
  protected void doBind(SocketAddress localAddress) {
    throw new UnsupportedOperationException("Connected already");
  }

  private final class UnixUnsafe extends AbstractUnsafe implements PollLoop.Handle {

    @Override
    public SelectableChannel socket() {
      return socket.channel();
    }

    @Override
    public void connect(
        SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
      promise.tryFailure(new AlreadyConnectedException());
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
      Readiness ready = (Readiness) event;
      hungUp |= ready.hungUp();
      if (ready.writable() || ready.hungUp()) {
        flush0(); // after a hang-up: so that what was not written fails
      }
      if (!isOpen()) {
        return;
      }
      if (hungUp && inputShutdown) {
        close(voidPromise());
      } else if (readWanted && (ready.readable() || ready.hungUp())) {
        read();
      }
    }

    @Override
    public void close() {
      close(voidPromise());
    }

    void read() {
      var sizes = recvBufAllocHandle();
      sizes.reset(config);
      @Nullable ByteBuf buffer = null;
      boolean ended = false;
      @Nullable Throwable failure = null;
      try {
        do {
          buffer = sizes.allocate(alloc());
          sizes.attemptedBytesRead(buffer.writableBytes());
          sizes.lastBytesRead(socket.read(buffer));
          if (sizes.lastBytesRead() <= 0) {
            // After a hang-up nothing can come any more, whatever the socket says.
            ended = sizes.lastBytesRead() < 0 || hungUp;
            break;
          }
          sizes.incMessagesRead(1);
          readWanted = false;
          ByteBuf full = buffer;
          buffer = null;
          pipeline().fireChannelRead(full);
        } while (sizes.continueReading() && isOpen());
      } catch (Throwable e) {
        failure = e;
      } finally {
        if (buffer != null) {
          buffer.release();
        }
      }
      sizes.readComplete();
      pipeline().fireChannelReadComplete();
      if (failure != null) {
        pipeline().fireExceptionCaught(failure);
        ended = ended || failure instanceof IOException;
      }
      if (ended) {
        endInput();
      } else if (!readWanted && !config.isAutoRead()) {
        stopReadingNow();
      }
    }

    private void endInput() {
      if (inputShutdown || !isOpen()) {
        return;
      }
      inputShutdown = true;
      stopReadingNow();
      if (config.isAllowHalfClosure()) {
        pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
      }
      if (isOpen() && (!config.isAllowHalfClosure() || outputShutdown || hungUp)) {
        close(voidPromise());
      }
    }
  }
}
