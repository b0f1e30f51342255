package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Type;

/** {@code blockdev-add}: opens a node; the options are as on a command line's {@code -blockdev}. */
public record BlockdevAdd(@JsonValue ObjectNode options) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "blockdev-add";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
