package dev.stillpoint.testkit.proxy;

/** Which way something passes through the proxy. */
public enum Direction {
  /** From the client to QEMU or to the agent behind it. */
  TO_SERVER,
  /** From QEMU, or the agent behind it, to the client. */
  TO_CLIENT
}
