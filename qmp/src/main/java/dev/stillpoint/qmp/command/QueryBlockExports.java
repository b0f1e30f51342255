package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code query-block-exports}. */
public record QueryBlockExports() implements QmpCommand<List<BlockExportInfo>> {
  @Override
  public String command() {
    return "query-block-exports";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<BlockExportInfo>>() {}.getType();
  }
}
