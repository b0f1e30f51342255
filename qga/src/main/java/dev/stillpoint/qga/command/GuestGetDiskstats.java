package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-get-diskstats}: the counters of the disks of a Linux guest. Since QEMU 7.1. */
public record GuestGetDiskstats() implements QgaCommand<List<DiskStats>> {
  @Override
  public String command() {
    return "guest-get-diskstats";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<DiskStats>>() {}.getType();
  }
}
