package dev.stillpoint.qga;

import dev.stillpoint.qmp.QmpOptions;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * How a client behaves.
 *
 * @param connectTimeout for the connect and for the first synchronisation behind it
 * @param commandTimeout for each command that names no timeout of its own
 * @param callbacks where futures complete; never the event loop
 */
public record QgaOptions(Duration connectTimeout, Duration commandTimeout, Executor callbacks) {

  /** The default for both timeouts: an agent that sleeps wakes up within a tenth of a second. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

  /** Five seconds each, and shared daemon threads. */
  public static QgaOptions defaults() {
    return new QgaOptions(DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, QmpOptions.defaults().callbacks());
  }

  /** The same options with another connect timeout. */
  public QgaOptions withConnectTimeout(Duration timeout) {
    return new QgaOptions(timeout, commandTimeout, callbacks);
  }

  /** The same options with another command timeout. */
  public QgaOptions withCommandTimeout(Duration timeout) {
    return new QgaOptions(connectTimeout, timeout, callbacks);
  }
}
