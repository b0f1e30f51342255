package dev.stillpoint.qmp.command;

import java.util.List;

/** A root bus and its devices; what sits behind a bridge hangs below the bridge. */
public record PciBus(int bus, List<PciDevice> devices) {}
