package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-get-memory-block-info}: how large a memory block is. */
public record GuestGetMemoryBlockInfo() implements QgaCommand<MemoryBlockInfo> {
  @Override
  public String command() {
    return "guest-get-memory-block-info";
  }

  @Override
  public Type resultType() {
    return MemoryBlockInfo.class;
  }
}
