package dev.stillpoint.qmp.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/**
 * Fails a write that would let the bytes which the peer has not taken yet grow beyond the limit.
 * One for each channel.
 *
 * <p>It counts by itself: Netty's own count includes writes that other threads have only queued, so
 * that a write could be refused for the sake of a later one.
 */
final class WriteLimit extends ChannelOutboundHandlerAdapter {

  /** What a write costs beside its bytes, so that many tiny ones are bounded too. */
  static final int OVERHEAD_OF_A_WRITE = 128;

  private long unwritten;

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
      throws Exception {
    if (!(message instanceof ByteBuf bytes)) {
      super.write(context, message, promise);
      return;
    }
    long size = (long) bytes.readableBytes() + OVERHEAD_OF_A_WRITE;
    if (unwritten + size > Transport.MAX_UNWRITTEN_BYTES) {
      bytes.release();
      promise.tryFailure(new WriteLimitException(size, unwritten));
      return;
    }
    unwritten += size;
    super.write(context, bytes, promise.unvoid().addListener(done -> unwritten -= size));
  }
}
