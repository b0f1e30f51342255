package dev.stillpoint.testkit.proxy;

/** What a proxy does to a line, or to the connection that the line is on, at a {@link Moment}. */
public sealed interface Fault {
  /** Nothing: for a test that only wants to know. */
  static Fault none() {
    return new None();
  }

  /** The line vanishes: a request swallowed, a reply lost. */
  static Fault drop() {
    return new Drop();
  }

  /**
   * The line, and all that comes behind it the same way on this connection, waits for {@link
   * Trap#release()}. Nothing overtakes, as nothing can in a socket.
   */
  static Fault hold() {
    return new SplitAt(0);
  }

  /** This many bytes of the line go at once; the rest waits as with {@link #hold()}. */
  static Fault splitAt(int bytes) {
    return new SplitAt(bytes);
  }

  /**
   * The line goes in pieces of this many bytes, each written by itself. A reader that is late may
   * find several of them together: for one that must see a single piece use {@link #splitAt}.
   */
  static Fault inPieces(int bytes) {
    return new InPieces(bytes);
  }

  /** The line goes twice. */
  static Fault duplicate() {
    return new Duplicate();
  }

  /**
   * These bytes go first, the same way: garbage, a stale reply, half a command of somebody else. At
   * {@link Moment#connected()} they go to the client.
   *
   * @param latin1 each character is one byte; write line ends yourself
   */
  static Fault precede(String latin1) {
    return new Precede(latin1);
  }

  /** The connection is cut, and the line is lost with it. */
  static Fault cut(Side side) {
    return new Cut(side, false);
  }

  /**
   * The line goes, then the connection is cut. The bytes are in the socket before its end; whether
   * a server reads them before it sees the end is the server's affair.
   */
  static Fault forwardThenCut(Side side) {
    return new Cut(side, true);
  }

  /** See {@link Fault#none()}. */
  record None() implements Fault {}

  /** See {@link Fault#drop()}. */
  record Drop() implements Fault {}

  /** See {@link Fault#splitAt}. */
  record SplitAt(int bytes) implements Fault {
    public SplitAt {
      if (bytes < 0) {
        throw new IllegalArgumentException("not a place to split at: " + bytes);
      }
    }
  }

  /** See {@link Fault#inPieces}. */
  record InPieces(int bytes) implements Fault {
    public InPieces {
      if (bytes < 1) {
        throw new IllegalArgumentException("a piece has at least one byte: " + bytes);
      }
    }
  }

  /** See {@link Fault#duplicate()}. */
  record Duplicate() implements Fault {}

  /** See {@link Fault#precede}. */
  record Precede(String latin1) implements Fault {}

  /** See {@link Fault#cut} and {@link Fault#forwardThenCut}. */
  record Cut(Side side, boolean forward) implements Fault {}
}
