package dev.stillpoint.testkit.proxy;

import dev.stillpoint.testkit.proxy.Moment.Kind;

/**
 * One line as the proxy sees it pass.
 *
 * @param name of the command, for a request and for its reply, or of the event; empty if unknown
 * @param text the line with its end, each byte a character of Latin-1
 */
record Message(Kind kind, String name, String text) {
  private static final int LONGEST_TOLD = 80;

  static final Message CONNECTED = new Message(Kind.CONNECTED, "", "");

  /** For a history that a person reads. */
  String told() {
    return switch (kind) {
      case CONNECTED -> "connected";
      case REQUEST -> "request " + name;
      case REPLY -> "reply to " + (name.isEmpty() ? "nobody" : name);
      case EVENT -> "event " + name;
      case OTHER -> text.substring(0, Math.min(text.length(), LONGEST_TOLD)).strip();
    };
  }
}
