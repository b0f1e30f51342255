package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-network-get-interfaces}: the guest's network interfaces and their addresses. */
public record GuestNetworkGetInterfaces() implements QgaCommand<List<NetworkInterface>> {
  @Override
  public String command() {
    return "guest-network-get-interfaces";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<NetworkInterface>>() {}.getType();
  }
}
