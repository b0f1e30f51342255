package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code query-named-block-nodes}: every node; {@code flat} leaves the backing images out. */
public record QueryNamedBlockNodes(@Nullable Boolean flat) implements QmpCommand<List<BlockNode>> {
  @Override
  public String command() {
    return "query-named-block-nodes";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<BlockNode>>() {}.getType();
  }
}
