package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Type;

/**
 * {@code blockdev-create}: starts a job that formats an image; driver {@code file} truncates an
 * existing file without a word.
 */
public record BlockdevCreate(String jobId, ObjectNode options) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "blockdev-create";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
