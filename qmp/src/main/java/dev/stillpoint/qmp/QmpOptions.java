package dev.stillpoint.qmp;

import dev.stillpoint.qmp.wire.CallbackThreads;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * How a client behaves.
 *
 * @param connectTimeout for the connect and for the greeting behind it
 * @param commandTimeout for each command that names no timeout of its own
 * @param callbacks where futures complete and events are told; never the event loop
 */
public record QmpOptions(Duration connectTimeout, Duration commandTimeout, Executor callbacks) {

  /** The default for both timeouts. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  /** Ten seconds each, and shared daemon threads. */
  public static QmpOptions defaults() {
    return new QmpOptions(DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, CallbackThreads.shared());
  }

  /** The same options with another connect timeout. */
  public QmpOptions withConnectTimeout(Duration timeout) {
    return new QmpOptions(timeout, commandTimeout, callbacks);
  }

  /** The same options with another command timeout. */
  public QmpOptions withCommandTimeout(Duration timeout) {
    return new QmpOptions(connectTimeout, timeout, callbacks);
  }
}
