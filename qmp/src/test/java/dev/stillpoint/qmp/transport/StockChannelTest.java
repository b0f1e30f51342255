package dev.stillpoint.qmp.transport;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.stillpoint.qmp.endpoint.Endpoint;
import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * Why there is a channel of our own. Once this test fails, a newer Netty or junixsocket may have
 * made it needless.
 *
 * <p>With a peer that races us instead of being gone already, 1 of 60 short replies came through,
 * and 16 of 60 long ones.
 */
@Timeout(60)
class StockChannelTest {

  private static final int RUNS = 20;

  @TempDir Path directory;

  @Test
  void nettysOwnChannelOnJunixsocketsSelectorLosesWhatAPeerSaidBeforeItLeft() throws Exception {
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            1,
            NioIoHandler.newFactory(
                AFUNIXSelectorProvider.provider(), DefaultSelectStrategyFactory.INSTANCE));
    try (Peer peer = Peer.unix(directory)) {
      Path path = ((Endpoint.Unix) peer.endpoint()).path();
      for (int run = 0; run < RUNS; run++) {
        // given a connected socket whose peer has answered and gone
        AFUNIXSocketChannel socket = AFUNIXSocketChannel.open(AFUNIXSocketAddress.of(path));
        peer.serve(client -> Peer.send(client, new byte[20])).get(10, SECONDS);
        // when it becomes a channel
        Listener listener = new Listener();
        NioSocketChannel channel = new NioSocketChannel(null, socket);
        channel.pipeline().addLast(listener);
        loops.register(channel).sync();
        // then it ends without a byte
        assertEquals(0, listener.end().get(10, SECONDS).length);
      }
    } finally {
      loops.shutdownGracefully(0, 1, SECONDS).sync();
    }
  }
}
