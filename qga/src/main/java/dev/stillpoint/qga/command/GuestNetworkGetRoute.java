package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-network-get-route}: the guest's routing table. Since QEMU 9.1. */
public record GuestNetworkGetRoute() implements QgaCommand<List<NetworkRoute>> {
  @Override
  public String command() {
    return "guest-network-get-route";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<NetworkRoute>>() {}.getType();
  }
}
