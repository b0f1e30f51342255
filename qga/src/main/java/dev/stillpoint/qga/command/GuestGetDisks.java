package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/**
 * {@code guest-get-disks}: the guest's disks and, on Linux, their partitions and what is made of
 * them.
 */
public record GuestGetDisks() implements QgaCommand<List<BlockDevice>> {
  @Override
  public String command() {
    return "guest-get-disks";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<BlockDevice>>() {}.getType();
  }
}
