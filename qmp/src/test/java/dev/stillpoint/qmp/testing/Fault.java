package dev.stillpoint.qmp.testing;

/** What can happen to one reply. The command itself has run in every case. */
public enum Fault {
  /** It never comes. */
  LOST,
  /** It comes when {@link FakePeer#releaseReplies} is called. */
  HELD,
  /** It comes in pieces of one byte. */
  SPLIT,
  /** It comes twice. */
  TWICE,
  /** A line that is not JSON comes before it. */
  GARBAGE_BEFORE,
  /** The connection is closed in its place. */
  CLOSED
}
