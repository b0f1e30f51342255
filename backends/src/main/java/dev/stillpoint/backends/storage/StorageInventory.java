package dev.stillpoint.backends.storage;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.Kind;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a planned snapshot is written down, and read again by whoever finds it. */
final class StorageInventory {
  private static final String INTERNAL = "internal";
  private static final String WAY = "snapshot";
  private static final String READ_KIND = "backup-kind";
  private static final String READ_NAME = "backup-name";
  private static final String READ_FORMAT = "backup-format";

  private StorageInventory() {}

  /**
   * The journal's words for a disk.
   *
   * @param gone whether nothing of it is there any more, or ever was
   */
  static Inventory of(String method, PlannedSnapshot planned, boolean gone) {
    Map<String, String> options = new LinkedHashMap<>(planned.snapshot().options());
    DiskSource read = planned.backupSource();
    options.put(READ_KIND, kind(read));
    options.put(READ_NAME, read.address());
    options.put(READ_FORMAT, read.format());
    var volume =
        new Belonging(Kind.VOLUME, "snapshot", planned.snapshot().name(), Optional.empty());
    return new Inventory(
        planned.disk().name(),
        method,
        WAY,
        planned.disk().source().address(),
        Optional.empty(),
        options,
        gone ? List.of() : List.of(volume));
  }

  static DiskSnapshot result(String method, PlannedSnapshot planned) {
    return new DiskSnapshot(
        planned.disk().name(),
        method,
        WAY,
        Optional.empty(),
        Optional.empty(),
        planned.backupSource());
  }

  static DiskSnapshot result(Inventory disk) {
    String name = disk.options().getOrDefault(READ_NAME, "");
    String format = disk.options().getOrDefault(READ_FORMAT, "raw");
    DiskSource read =
        switch (disk.options().getOrDefault(READ_KIND, "")) {
          case "file" -> new DiskSource.File(Path.of(name), format);
          case "device" -> new DiskSource.Device(Path.of(name), format);
          case "rbd" -> DiskSource.Rbd.at(name, format);
          case "volume" -> DiskSource.Pooled.at(name, format);
          case INTERNAL -> internal(name, format);
          default -> new DiskSource.Remote(name, format);
        };
    return new DiskSnapshot(
        disk.disk(), disk.method(), disk.way(), Optional.empty(), Optional.empty(), read);
  }

  /** A snapshot's name has no {@code @}, which a path may have. */
  private static DiskSource internal(String address, String format) {
    int at = address.lastIndexOf('@');
    return new DiskSource.Internal(
        Path.of(address.substring(0, at)), address.substring(at + 1), format);
  }

  /**
   * The snapshot that was written down.
   *
   * @throws IllegalArgumentException when there is none
   */
  static StorageSnapshot snapshot(Inventory disk) {
    String name =
        disk.belongings().stream()
            .filter(one -> one.kind() == Kind.VOLUME)
            .map(Belonging::name)
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no snapshot is written down"));
    Map<String, String> options = new LinkedHashMap<>(disk.options());
    options.remove(READ_KIND);
    options.remove(READ_NAME);
    options.remove(READ_FORMAT);
    return new StorageSnapshot(name, options);
  }

  private static String kind(DiskSource source) {
    return switch (source) {
      case DiskSource.File file -> "file";
      case DiskSource.Device device -> "device";
      case DiskSource.Rbd rbd -> "rbd";
      case DiskSource.Pooled volume -> "volume";
      case DiskSource.Internal inside -> INTERNAL;
      case DiskSource.Remote remote -> "remote";
    };
  }
}
