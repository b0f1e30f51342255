package dev.stillpoint.qmp.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;

/** Sets one option before the channel is active, and adds a handler. */
final class WithOption<T> extends ChannelInitializer<Channel> {

  private final ChannelOption<T> option;
  private final T value;
  private final ChannelHandler handler;

  WithOption(ChannelOption<T> option, T value, ChannelHandler handler) {
    this.option = option;
    this.value = value;
    this.handler = handler;
  }

  @Override
  protected void initChannel(Channel channel) {
    channel.config().setOption(option, value);
    channel.pipeline().addLast(handler);
  }
}
