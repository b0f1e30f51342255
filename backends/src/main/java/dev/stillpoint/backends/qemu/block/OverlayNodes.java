package dev.stillpoint.backends.qemu.block;

import java.util.Optional;

/**
 * The names of the nodes of one overlay of ours: all begin with its prefix, {@code
 * sp-<operation>-<n>}.
 */
public final class OverlayNodes {
  private static final String FILE = "-file";
  private static final String OVERLAY = "-overlay";

  private OverlayNodes() {}

  /** The node of the file, below the format. */
  public static String file(String prefix) {
    return prefix + FILE;
  }

  /** The node that the machine writes to. */
  public static String overlay(String prefix) {
    return prefix + OVERLAY;
  }

  /** The prefix of an overlay node of ours; empty for any other node. */
  public static Optional<String> prefixOf(String overlayNode) {
    return before(OVERLAY, overlayNode);
  }

  /** The prefix of the node of an overlay's file; empty for any other node. */
  public static Optional<String> prefixOfFile(String fileNode) {
    return before(FILE, fileNode);
  }

  private static Optional<String> before(String end, String node) {
    return node.endsWith(end)
        ? Optional.of(node.substring(0, node.length() - end.length()))
        : Optional.empty();
  }
}
