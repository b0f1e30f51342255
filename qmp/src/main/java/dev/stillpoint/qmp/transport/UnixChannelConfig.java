package dev.stillpoint.qmp.transport;

import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The options of a {@link UnixChannel}: those that every channel has, and half-closure. */
final class UnixChannelConfig extends DefaultChannelConfig {

  private final UnixChannel unixChannel;
  private volatile boolean allowHalfClosure;

  UnixChannelConfig(UnixChannel channel) {
    super(channel);
    this.unixChannel = channel;
  }

  boolean isAllowHalfClosure() {
    return allowHalfClosure;
  }

  @Override
  public Map<ChannelOption<?>, Object> getOptions() {
    return getOptions(super.getOptions(), ChannelOption.ALLOW_HALF_CLOSURE);
  }

  @Override
  @SuppressWarnings("unchecked") // the one option of its own holds a Boolean
  public <T> @Nullable T getOption(ChannelOption<T> option) {
    if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
      return (T) (Object) allowHalfClosure;
    }
    return super.getOption(option);
  }

  @Override
  public <T> boolean setOption(ChannelOption<T> option, T value) {
    if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
      validate(option, value);
      allowHalfClosure = (Boolean) value;
      return true;
    }
    return super.setOption(option, value);
  }

  @Override
  protected void autoReadCleared() {
    unixChannel.stopReading();
  }
}
