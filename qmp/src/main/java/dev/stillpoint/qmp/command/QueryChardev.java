package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code query-chardev}. */
public record QueryChardev() implements QmpCommand<List<ChardevInfo>> {
  @Override
  public String command() {
    return "query-chardev";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<ChardevInfo>>() {}.getType();
  }
}
