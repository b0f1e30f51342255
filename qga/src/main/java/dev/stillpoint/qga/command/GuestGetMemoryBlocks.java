package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-get-memory-blocks}: the guest's memory blocks, in no order. */
public record GuestGetMemoryBlocks() implements QgaCommand<List<MemoryBlock>> {
  @Override
  public String command() {
    return "guest-get-memory-blocks";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<MemoryBlock>>() {}.getType();
  }
}
