package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code query-block-jobs}. */
public record QueryBlockJobs() implements QmpCommand<List<BlockJobInfo>> {
  @Override
  public String command() {
    return "query-block-jobs";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<BlockJobInfo>>() {}.getType();
  }
}
