package dev.stillpoint.qga;

import java.io.IOException;

/** There is a connection, but no agent in step behind it. */
public final class AgentUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  AgentUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
