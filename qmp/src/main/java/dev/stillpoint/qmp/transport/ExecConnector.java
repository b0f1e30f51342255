package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;

/**
 * One start of the program of an exec endpoint. A pipe cannot be polled from Java: a socket pair
 * lies between the channel and the program, and threads of {@link ChildProcess} carry the bytes.
 */
final class ExecConnector {
  /** Of util-linux: gives the program a session of its own, and becomes it. */
  private static final List<String> OWN_SESSION = List.of("setsid", "--");

  private final Endpoint.Exec endpoint;
  private final EventLoop loop;
  private final ChannelHandler initializer;
  private final CompletableFuture<Channel> connected;

  ExecConnector(
      Endpoint.Exec endpoint,
      EventLoop loop,
      ChannelHandler initializer,
      CompletableFuture<Channel> connected) {
    this.endpoint = endpoint;
    this.loop = loop;
    this.initializer = initializer;
    this.connected = connected;
  }

  void start() {
    ChildProcess.thread("start", this::connect).start();
  }

  private void connect() {
    Process process;
    try {
      List<String> command = new ArrayList<>(OWN_SESSION);
      command.addAll(endpoint.command());
      process = new ProcessBuilder(command).start();
    } catch (IOException e) {
      fail("the program cannot be started: " + e.getMessage(), e);
      return;
    }
    try {
      AFUNIXSocketPair<AFUNIXSocketChannel> pair = AFUNIXSocketPair.open();
      var child = new ChildProcess(process, pair.getSocket2());
      register(new UnixChannel(UnixSocket.ofPair(pair.getSocket1())), child);
      child.start();
    } catch (IOException | RuntimeException | LinkageError e) {
      process.destroyForcibly();
      fail(String.valueOf(e), e);
    }
  }

  private void register(UnixChannel channel, ChildProcess child) {
    channel.pipeline().addLast(new WriteLimit(), new Ending(child), initializer);
    var unused =
        loop.register(channel)
            .addListener(done -> {
              if (!done.isSuccess()) {
                fail(String.valueOf(done.cause()), done.cause());
              } else if (!connected.complete(channel)) {
                var unusedToo = channel.close();
              }
            });
  }

  /** Tells how the program ended, after its last byte. */
  private static final class Ending extends ChannelInboundHandlerAdapter {
    private final ChildProcess child;

    Ending(ChildProcess child) {
      this.child = child;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      child.ending().ifPresent(how -> context.fireExceptionCaught(new IOException(how)));
      context.fireChannelInactive();
    }
  }

  private void fail(String detail, @Nullable Throwable cause) {
    connected.completeExceptionally(
        new ConnectFailedException(endpoint, Reason.PROGRAM_FAILED, detail, cause));
  }
}
