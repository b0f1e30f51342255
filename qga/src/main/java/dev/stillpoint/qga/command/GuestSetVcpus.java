package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import java.util.List;

/**
 * {@code guest-set-vcpus}: switches processors on and off, in order; the result is how many it came
 * to before one failed.
 */
public record GuestSetVcpus(List<LogicalProcessor> vcpus) implements QgaCommand<Integer> {
  @Override
  public String command() {
    return "guest-set-vcpus";
  }

  @Override
  public Type resultType() {
    return Integer.class;
  }
}
