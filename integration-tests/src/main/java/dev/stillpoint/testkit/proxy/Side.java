package dev.stillpoint.testkit.proxy;

/** Which end of a connection through the proxy is cut. */
public enum Side {
  /**
   * The client's end only. The server's end stays open and keeps the server's only place, as after
   * a broken line that the server does not notice, until it is cut too or the proxy closes.
   */
  CLIENT,
  /** The server's end only: the client's stays open and hears nothing more. */
  SERVER,
  /** Both ends. */
  BOTH
}
