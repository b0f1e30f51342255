package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.backends.qemu.QemuDisks;
import dev.stillpoint.backends.qemu.SeenDisk;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.qmp.QmpClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The disks that libvirt's XML describes, in a running machine or bare. In a machine each must be
 * the one disk that all the XML says fits, and write to the very source that the XML has. For one
 * operation; {@code docs/xml.md} has the rules.
 */
public final class DescribedDisks implements DiskLocator {
  private final Optional<QmpClient> monitor;
  private final List<DescribedDisk> disks;
  private volatile List<LocatedDisk> found = List.of();

  /**
   * Those disks, in their order.
   *
   * @param monitor of the machine that has them, and stays the caller's; empty for bare disks
   */
  public DescribedDisks(Optional<QmpClient> monitor, List<DescribedDisk> disks) {
    this.monitor = monitor;
    this.disks = List.copyOf(disks);
  }

  /** The disks by the names that the XML has for them, for a request. */
  public List<SelectedDisk> asked() {
    return disks.stream()
        .map(disk -> SelectedDisk.named(monitor.isPresent() ? disk.name() : disk.bareName()))
        .toList();
  }

  /** What they are, in their order; empty until they are found. */
  public List<LocatedDisk> found() {
    return found;
  }

  /** Looks at what the XML says, and not at what was asked for. */
  @Override
  public CompletionStage<Located> locate(List<SelectedDisk> asked, Deadline deadline) {
    return Worker.later(() -> {
      disks.forEach(DescribedDisk::requireWritable);
      return fitting(monitor.isPresent() ? inMachine(monitor.get(), deadline) : bare());
    });
  }

  private Located fitting(Located located) {
    for (int i = 0; i < disks.size(); i++) {
      disks.get(i).requireThatItFits(located.disks().get(i).selected().method());
    }
    found = located.disks();
    return located;
  }

  private Located inMachine(QmpClient client, Deadline deadline) {
    List<SeenDisk> meant = new ArrayList<>();
    Located located =
        QemuDisks.locate(
            client,
            deadline,
            seen -> {
              disks.forEach(disk -> meant.add(DiskClues.find(disk, seen)));
              return selected(meant);
            });
    List<LocatedDisk> withMethods = new ArrayList<>();
    for (int i = 0; i < disks.size(); i++) {
      LocatedDisk one = located.disks().get(i);
      if (!one.source().equals(meant.get(i).source())) {
        throw disks
            .get(i)
            .refusal(
                ErrorCode.DISK_UNSUITABLE,
                "two disks of the machine go by the name '" + one.name() + "'");
      }
      LocatedDisk whole = OwnData.required(DefaultMethod.inMachine(one));
      withMethods.add(OpenDisk.required(client, whole));
    }
    return new Located(withMethods, located.notCovered(), located.warnings());
  }

  private List<SelectedDisk> selected(List<SeenDisk> meant) {
    List<SelectedDisk> selected = new ArrayList<>();
    for (int i = 0; i < disks.size(); i++) {
      selected.add(disks.get(i).selected(meant.get(i).label()));
    }
    return selected;
  }

  private Located bare() {
    disks.forEach(DescribedDisks::requireWhereabouts);
    Map<String, DiskSource> told = new HashMap<>();
    for (DescribedDisk disk : disks) {
      disk.description().source().ifPresent(source -> told.put(disk.bareName(), source));
    }
    var bare = new BareDisks(asked -> Optional.ofNullable(told.get(asked.name())));
    return bare.located(disks.stream().map(DescribedDisk::bare).toList());
  }

  private static void requireWhereabouts(DescribedDisk disk) {
    DiskSource source = disk.description().source().orElse(null);
    if (source instanceof DiskSource.Pooled volume) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "where the volume '"
              + volume.volume()
              + "' of the pool '"
              + volume.pool()
              + "' lies, libvirt alone knows; without a machine, give the disk with its file or"
              + " device");
    }
    if (source instanceof DiskSource.Remote && disk.method().isEmpty()) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "'" + source.address() + "' has no default method without a machine; name one");
    }
  }
}
