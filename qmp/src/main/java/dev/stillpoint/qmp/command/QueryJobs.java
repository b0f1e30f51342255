package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code query-jobs}. */
public record QueryJobs() implements QmpCommand<List<JobInfo>> {
  @Override
  public String command() {
    return "query-jobs";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<JobInfo>>() {}.getType();
  }
}
