package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-set-memory-blocks}: switches memory blocks on and off, in order. */
public record GuestSetMemoryBlocks(List<MemoryBlock> memBlks)
    implements QgaCommand<List<MemoryBlockResult>> {
  @Override
  public String command() {
    return "guest-set-memory-blocks";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<MemoryBlockResult>>() {}.getType();
  }
}
