package dev.stillpoint.qmp;

import dev.stillpoint.qmp.wire.CallbackThreads;
import dev.stillpoint.qmp.wirelog.WireLog;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How a client behaves.
 *
 * @param connectTimeout for the connect and for the greeting behind it
 * @param commandTimeout for each command that names no timeout of its own
 * @param callbacks where futures complete and events are told; never the event loop
 * @param unknownArguments what becomes of what this QEMU does not know; where that is looked at,
 *     the schema is read at the connect
 * @param outOfBand whether to enable out-of-band execution where the monitor offers it. QEMU reads
 *     on while a command runs then, up to eight of them; without it, one at a time
 * @param peerUid the user who must serve the unix socket, where it matters who does; a connect to
 *     another user's, or to what is no unix socket, fails
 * @param wireLog where to write what goes over the wire; null for nowhere, which costs nothing. It
 *     stays the caller's to close, and may serve many clients
 */
public record QmpOptions(
    Duration connectTimeout,
    Duration commandTimeout,
    Executor callbacks,
    UnknownArguments unknownArguments,
    boolean outOfBand,
    OptionalLong peerUid,
    @Nullable WireLog wireLog) {

  /** The default for both timeouts. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  /** Options that look at no arguments, enable nothing, and take whoever serves the socket. */
  public QmpOptions(Duration connectTimeout, Duration commandTimeout, Executor callbacks) {
    this(
        connectTimeout,
        commandTimeout,
        callbacks,
        new UnknownArguments.Send(),
        false,
        OptionalLong.empty(),
        null);
  }

  /** Ten seconds each, and shared daemon threads. */
  public static QmpOptions defaults() {
    return new QmpOptions(DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, CallbackThreads.shared());
  }

  /** The same options with another connect timeout. */
  public QmpOptions withConnectTimeout(Duration timeout) {
    return new QmpOptions(
        timeout, commandTimeout, callbacks, unknownArguments, outOfBand, peerUid, wireLog);
  }

  /** The same options with another command timeout. */
  public QmpOptions withCommandTimeout(Duration timeout) {
    return new QmpOptions(
        connectTimeout, timeout, callbacks, unknownArguments, outOfBand, peerUid, wireLog);
  }

  /** The same options with another rule for what QEMU does not know. */
  public QmpOptions withUnknownArguments(UnknownArguments rule) {
    return new QmpOptions(
        connectTimeout, commandTimeout, callbacks, rule, outOfBand, peerUid, wireLog);
  }

  /** The same options with out-of-band execution, where the monitor offers it. */
  public QmpOptions withOutOfBand() {
    return new QmpOptions(
        connectTimeout, commandTimeout, callbacks, unknownArguments, true, peerUid, wireLog);
  }

  /** The same options with a demand on who serves the socket. */
  public QmpOptions withPeerUid(long uid) {
    return new QmpOptions(
        connectTimeout,
        commandTimeout,
        callbacks,
        unknownArguments,
        outOfBand,
        OptionalLong.of(uid),
        wireLog);
  }

  /** The same options with a log of what goes over the wire, secrets left out. */
  public QmpOptions withWireLog(WireLog log) {
    return new QmpOptions(
        connectTimeout, commandTimeout, callbacks, unknownArguments, outOfBand, peerUid, log);
  }
}
