package dev.stillpoint.qmp.wire;

import io.netty.channel.ChannelInboundHandler;
import io.netty.handler.codec.LineBasedFrameDecoder;

/** How both protocols are cut into messages: one line each, with or without a carriage return. */
public final class Lines {
  private Lines() {}

  /** Cuts lines of at most {@link Json#MAX_LINE} bytes; one for each channel. */
  public static ChannelInboundHandler decoder() {
    return decoder(Json.MAX_LINE);
  }

  /**
   * Cuts lines of at most so many bytes. Of a longer one nothing is kept and everything up to its
   * end is dropped; it is a {@link io.netty.handler.codec.TooLongFrameException} at once, since its
   * end may never come.
   */
  public static ChannelInboundHandler decoder(int longest) {
    return new LineBasedFrameDecoder(longest, true, true);
  }
}
