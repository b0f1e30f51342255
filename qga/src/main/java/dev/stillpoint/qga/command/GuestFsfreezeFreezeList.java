package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-fsfreeze-freeze-list}: freezes these mount points; the agent ignores those that it
 * does not know. Null is all of them.
 */
public record GuestFsfreezeFreezeList(@Nullable List<String> mountpoints)
    implements QgaCommand<Integer> {
  @Override
  public String command() {
    return "guest-fsfreeze-freeze-list";
  }

  @Override
  public Type resultType() {
    return Integer.class;
  }
}
