package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/**
 * {@code blockdev-snapshot}: puts an overlay, added with {@code backing: null}, on top of a node.
 */
public record BlockdevSnapshot(String node, String overlay) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "blockdev-snapshot";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
