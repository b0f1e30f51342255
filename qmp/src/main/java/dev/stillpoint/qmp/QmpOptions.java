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
 * @param unknownArguments what becomes of what this QEMU does not know; where that is looked at,
 *     the schema is read at the connect
 */
public record QmpOptions(
    Duration connectTimeout,
    Duration commandTimeout,
    Executor callbacks,
    UnknownArguments unknownArguments) {

  /** The default for both timeouts. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  /** Options that look at no arguments. */
  public QmpOptions(Duration connectTimeout, Duration commandTimeout, Executor callbacks) {
    this(connectTimeout, commandTimeout, callbacks, new UnknownArguments.Send());
  }

  /** Ten seconds each, and shared daemon threads. */
  public static QmpOptions defaults() {
    return new QmpOptions(DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, CallbackThreads.shared());
  }

  /** The same options with another connect timeout. */
  public QmpOptions withConnectTimeout(Duration timeout) {
    return new QmpOptions(timeout, commandTimeout, callbacks, unknownArguments);
  }

  /** The same options with another command timeout. */
  public QmpOptions withCommandTimeout(Duration timeout) {
    return new QmpOptions(connectTimeout, timeout, callbacks, unknownArguments);
  }

  /** The same options with another rule for what QEMU does not know. */
  public QmpOptions withUnknownArguments(UnknownArguments rule) {
    return new QmpOptions(connectTimeout, commandTimeout, callbacks, rule);
  }
}
