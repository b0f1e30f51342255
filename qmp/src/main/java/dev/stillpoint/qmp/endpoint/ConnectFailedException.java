package dev.stillpoint.qmp.endpoint;

import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * No connection to an endpoint came about, so nothing was sent.
 *
 * <p>The message names the endpoint and the reason; {@link #reason()} is for programs.
 */
public final class ConnectFailedException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Why a connect failed. */
  public enum Reason {
    /** There is no file at the path: the machine is not running, or the path is wrong. */
    NO_SUCH_FILE,
    /** The file at the path is not a socket. */
    NOT_A_SOCKET,
    /** Nobody listens: a socket file its owner left behind, or a closed port. */
    REFUSED,
    /**
     * The listener's queue was full until the timeout: other clients are being served or wait
     * already.
     */
    QUEUE_FULL,
    /** No answer within the connect timeout. */
    TIMED_OUT,
    /** The socket, or a directory on the way to it, is closed to this user. */
    NOT_PERMITTED,
    /** The path is longer than a unix socket's address can hold. */
    PATH_TOO_LONG,
    /** The host's name has no address. */
    UNKNOWN_HOST,
    /** The host or its network cannot be reached. */
    UNREACHABLE,
    /** A certificate or a key cannot be used here, or the two sides did not agree on TLS. */
    TLS_FAILED,
    /** Another user serves the socket than was demanded. */
    WRONG_PEER,
    /** The program of an exec endpoint could not be started. */
    PROGRAM_FAILED,
    /** Anything else; the cause says what. */
    OTHER;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  private final transient Endpoint endpoint;
  private final Reason reason;

  /**
   * A failed connect.
   *
   * @param detail what happened, in words; becomes part of the message
   */
  public ConnectFailedException(
      Endpoint endpoint, Reason reason, String detail, @Nullable Throwable cause) {
    super("Cannot connect to " + endpoint + ": " + detail, cause);
    this.endpoint = endpoint;
    this.reason = reason;
  }

  /** The endpoint that was tried. */
  public Endpoint endpoint() {
    return endpoint;
  }

  /** Why it failed. */
  public Reason reason() {
    return reason;
  }
}
