package dev.stillpoint.qmp.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/**
 * Sends the last byte of every message as a TLS record of its own.
 *
 * <p>QEMU takes a monitor's input byte by byte, and is woken by what waits in the socket, not by
 * what its TLS library has decrypted and keeps (7.2 at least): the rest of a record would lie there
 * until the next one comes. With one more record in the socket it is woken again and again until
 * the first is used up, and of the second nothing can be left over.
 */
final class TlsLines extends ChannelOutboundHandlerAdapter {
  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
      throws Exception {
    if (message instanceof ByteBuf bytes && bytes.readableBytes() > 1) {
      ByteBuf end = bytes.retainedSlice(bytes.writerIndex() - 1, 1);
      bytes.writerIndex(bytes.writerIndex() - 1);
      var unused = context.write(bytes);
      var unusedToo = context.write(end, promise);
    } else {
      super.write(context, message, promise);
    }
  }
}
