package dev.stillpoint.testkit.guest;

/**
 * An NBD export that is served on this host's loopback.
 *
 * @param port TCP
 * @param export its name there
 */
public record RemoteDisk(int port, String export) {
  private static final String LOOPBACK = "127.0.0.1";

  /** As QEMU's tools take it. */
  public String uri() {
    return "nbd://%s:%d/%s".formatted(LOOPBACK, port, export);
  }

  /** Without a node name. */
  String blockdev() {
    return "driver=nbd,server.type=inet,server.host=%s,server.port=%d,export=%s"
        .formatted(LOOPBACK, port, export);
  }
}
