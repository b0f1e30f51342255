package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code blockdev-del}: removes a node that nothing uses. */
public record BlockdevDel(String nodeName) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "blockdev-del";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
