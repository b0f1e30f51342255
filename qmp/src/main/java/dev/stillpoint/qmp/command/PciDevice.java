package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A PCI device; {@code qdevId} is empty where it was given no id. */
public record PciDevice(
    int bus,
    int slot,
    int function,
    @JsonProperty("qdev_id") @Nullable String qdevId,
    @JsonProperty("pci_bridge") @Nullable Bridge bridge) {

  /** What is behind a bridge; nothing is said where that is nothing. */
  public record Bridge(@Nullable List<PciDevice> devices) {}
}
