package dev.stillpoint.qmp.transport;

import java.io.IOException;

/**
 * A write was refused because the peer has not taken what was written before. Nothing of it was
 * sent, and the connection lives on.
 */
public final class WriteLimitException extends IOException {

  private static final long serialVersionUID = 1L;

  WriteLimitException(long refused, long unwritten) {
    super(
        "The peer does not read: a write of %d bytes on top of %d unwritten ones exceeds the limit of %d"
            .formatted(refused, unwritten, Transport.MAX_UNWRITTEN_BYTES));
  }
}
