package dev.stillpoint.qmp.testing;

/**
 * What can happen to one reply, or line. The command itself has run in every case. What a client
 * makes of each stands behind it.
 */
public enum Fault {
  /** It never comes: the command times out, and the connection lives on. */
  LOST,
  /**
   * It comes when {@link FakePeer#releaseReplies} is called: late, if the command has timed out by
   * then. It is dropped and counted.
   */
  HELD,
  /** It comes after the reply to the next command: each command has its own all the same. */
  SWAPPED,
  /** It comes in pieces of one byte, one right after the other: the same reply. */
  SPLIT,
  /** It comes byte by byte, with {@link FakePeer#PACE} between them: the same reply, later. */
  SLOW,
  /** It comes twice: the second is nobody's. */
  TWICE,
  /** A line that is not JSON comes before it: a monitor's client ends, an agent's does not. */
  GARBAGE_BEFORE,
  /**
   * It is longer than what may be on one line (64 MiB), by blanks before it: a monitor's client
   * ends, an agent's takes it for lost.
   */
  OVERSIZED,
  /** Its first half comes, and then the connection is closed. */
  CUT_OFF,
  /** The connection is closed in its place. */
  CLOSED
}
