package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code query-block}: what is attached to devices; a node without a device is absent. */
public record QueryBlock() implements QmpCommand<List<BlockInfo>> {
  @Override
  public String command() {
    return "query-block";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<BlockInfo>>() {}.getType();
  }
}
