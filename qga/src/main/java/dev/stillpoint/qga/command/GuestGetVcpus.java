package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-get-vcpus}: the guest's processors, in no order. */
public record GuestGetVcpus() implements QgaCommand<List<LogicalProcessor>> {
  @Override
  public String command() {
    return "guest-get-vcpus";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<LogicalProcessor>>() {}.getType();
  }
}
