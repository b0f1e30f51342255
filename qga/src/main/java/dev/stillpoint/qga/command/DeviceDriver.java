package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * A driver in a Windows guest.
 *
 * @param driverDate nanoseconds since 1970
 */
public record DeviceDriver(
    String driverName,
    @Nullable Long driverDate,
    @Nullable String driverVersion,
    @Nullable DeviceId id) {

  /** What it drives; the ids are null for a type that is not {@code pci}. */
  public record DeviceId(String type, @Nullable Integer vendorId, @Nullable Integer deviceId) {}
}
