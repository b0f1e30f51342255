package dev.stillpoint.backends.guard;

import java.io.FileDescriptor;
import java.io.IOException;

/**
 * One end of the connection between an owner and its guard: words, a line each. Safe for use by
 * several threads.
 */
interface Words extends AutoCloseable {
  /** What is heard from an end that has left; then for ever. */
  String ENDED = "";

  /** What is heard when nothing came in time. */
  String SILENCE = "\n";

  /** Says something; fails when the other end has left. */
  void say(String line) throws IOException;

  /** The same, with a duplicate of one descriptor beside it: no line has more. */
  void say(String line, FileDescriptor beside) throws IOException;

  /**
   * What the other end says next.
   *
   * @param nanos how long to wait for it; with 0 only what has come
   * @return a line, {@link #SILENCE} or {@link #ENDED}
   */
  String hear(long nanos);

  @Override
  void close();
}
