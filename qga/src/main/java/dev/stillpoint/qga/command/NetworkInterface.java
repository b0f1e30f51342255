package dev.stillpoint.qga.command;

import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A network interface in the guest. */
public record NetworkInterface(
    String name,
    @Nullable String hardwareAddress,
    @Nullable List<IpAddress> ipAddresses,
    @Nullable Statistics statistics) {

  /**
   * An address on it.
   *
   * @param ipAddressType {@code ipv4} or {@code ipv6}
   */
  public record IpAddress(String ipAddress, String ipAddressType, int prefix) {}

  /** Its counters, unsigned. */
  public record Statistics(
      BigInteger rxBytes,
      BigInteger rxPackets,
      BigInteger rxErrs,
      BigInteger rxDropped,
      BigInteger txBytes,
      BigInteger txPackets,
      BigInteger txErrs,
      BigInteger txDropped) {}
}
