package dev.stillpoint.testkit.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One way of one connection: bytes come in, lines are taken out, and what is to go on is written as
 * the other side takes it. For the proxy's thread only.
 */
final class Flow {
  private static final int READ_SIZE = 16 << 10;

  /**
   * Reading stops while so much is unwritten, so that a writer feels a reader that reads nothing.
   */
  private static final int MOST_UNWRITTEN = 64 << 10;

  /** {@code query-qmp-schema} is 207 KB on one line; what is longer than this goes on in parts. */
  private static final int LONGEST_LINE = 4 << 20;

  private final SocketChannel from;
  private final SocketChannel to;
  private final ByteBuffer buffer = ByteBuffer.allocate(READ_SIZE);
  private final StringBuilder in = new StringBuilder();
  private final Deque<Piece> out = new ArrayDeque<>();
  private int searched;
  private boolean ended;
  private @Nullable Stall stall;

  Flow(SocketChannel from, SocketChannel to) {
    this.from = from;
    this.to = to;
  }

  /** Takes what is there. */
  void read() {
    while (wantsToRead()) {
      buffer.clear();
      try {
        int count = from.read(buffer);
        ended = count < 0;
        if (count <= 0) {
          return;
        }
      } catch (IOException e) {
        // The other side left with bytes of ours unread.
        ended = true;
        return;
      }
      in.append(new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1));
    }
  }

  boolean wantsToRead() {
    return !ended && in.length() < LONGEST_LINE && out.size() < MOST_UNWRITTEN / READ_SIZE;
  }

  boolean wantsToWrite() {
    return !out.isEmpty();
  }

  /** The next line with its end, the rest where no more will come, or null if there is none yet. */
  @Nullable String nextLine() {
    if (stall != null) {
      return null;
    }
    int end = in.indexOf("\n", searched) + 1;
    if (end == 0) {
      boolean whole = ended || in.length() >= LONGEST_LINE;
      end = whole ? in.length() : 0;
      searched = in.length();
    }
    if (end == 0) {
      return null;
    }
    String line = in.substring(0, end);
    in.delete(0, end);
    searched = 0;
    return line;
  }

  void write(String latin1, Runnable afterwards) {
    out.add(new Piece(ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1)), afterwards));
  }

  /** Nothing goes on before the trap's release; then this goes first. */
  void stall(Trap trap, String rest) {
    stall = new Stall(trap, rest);
  }

  /** Ends a stall whose time has come. */
  void resume() {
    Stall held = stall;
    if (held != null && held.trap().takeRelease()) {
      stall = null;
      write(held.rest(), () -> {});
    }
  }

  /** Writes what the other side takes now; false if it is gone. */
  boolean flush() {
    try {
      while (!out.isEmpty()) {
        Piece piece = out.element();
        to.write(piece.bytes());
        if (piece.bytes().hasRemaining()) {
          return true;
        }
        out.remove();
        piece.afterwards().run();
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Forgets everything that has not been written. */
  void discard() {
    in.setLength(0);
    searched = 0;
    out.clear();
    stall = null;
  }

  boolean ended() {
    return ended;
  }

  /** Nothing more will come, and all that came has gone on. */
  boolean finished() {
    return ended && stall == null && in.isEmpty() && out.isEmpty();
  }

  private record Piece(ByteBuffer bytes, Runnable afterwards) {}

  private record Stall(Trap trap, String rest) {}
}
