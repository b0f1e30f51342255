package dev.stillpoint.qga;

import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.wirelog.WireLog;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How a client behaves.
 *
 * @param connectTimeout for the connect and for the first synchronisation behind it
 * @param commandTimeout for each command that names no timeout of its own
 * @param callbacks where futures complete; never the event loop
 * @param wireLog where to write what goes over the wire; null for nowhere, which costs nothing. It
 *     stays the caller's to close, and may serve many clients
 */
public record QgaOptions(
    Duration connectTimeout,
    Duration commandTimeout,
    Executor callbacks,
    @Nullable WireLog wireLog) {

  /** The default for both timeouts: an agent that sleeps wakes up within a tenth of a second. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

  /** Options without a log of the wire. */
  public QgaOptions(Duration connectTimeout, Duration commandTimeout, Executor callbacks) {
    this(connectTimeout, commandTimeout, callbacks, null);
  }

  /** Five seconds each, and shared daemon threads. */
  public static QgaOptions defaults() {
    return new QgaOptions(DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, QmpOptions.defaults().callbacks());
  }

  /** The same options with another connect timeout. */
  public QgaOptions withConnectTimeout(Duration timeout) {
    return new QgaOptions(timeout, commandTimeout, callbacks, wireLog);
  }

  /** The same options with another command timeout. */
  public QgaOptions withCommandTimeout(Duration timeout) {
    return new QgaOptions(connectTimeout, timeout, callbacks, wireLog);
  }

  /** The same options with a log of what goes over the wire, secrets left out. */
  public QgaOptions withWireLog(WireLog log) {
    return new QgaOptions(connectTimeout, commandTimeout, callbacks, log);
  }
}
