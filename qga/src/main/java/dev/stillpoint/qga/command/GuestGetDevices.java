package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-get-devices}: the drivers of a Windows guest. */
public record GuestGetDevices() implements QgaCommand<List<DeviceDriver>> {
  @Override
  public String command() {
    return "guest-get-devices";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<DeviceDriver>>() {}.getType();
  }
}
