package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-get-cpustats}: how the processors of a guest spent their time. Since QEMU 7.1. */
public record GuestGetCpustats() implements QgaCommand<List<CpuStats>> {
  @Override
  public String command() {
    return "guest-get-cpustats";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<CpuStats>>() {}.getType();
  }
}
