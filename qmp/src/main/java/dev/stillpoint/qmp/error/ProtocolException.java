package dev.stillpoint.qmp.error;

import java.io.IOException;

/** The other side is connected, but does not speak as it must. */
public final class ProtocolException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What was wrong, in words. */
  public ProtocolException(String message) {
    super(message);
  }
}
