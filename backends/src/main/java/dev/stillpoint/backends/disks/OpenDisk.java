package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.backends.qemu.image.InternalSnapshots;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.qmp.QmpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A machine tells where its disk was when it opened it. By now another file may lie there, such as
 * a copy that was moved to its place; or the machine sees other mounts than we, as in a container.
 * A storage would cut what lies there, and not what the machine writes to. Blocks.
 */
final class OpenDisk {
  /** QEMU cuts what it has open itself, whatever lies at its path. */
  private static final Set<String> BY_QEMU = Set.of(QemuOverlays.NAME, InternalSnapshots.METHOD);

  private OpenDisk() {}

  /** The same disk, unless it is seen that the machine has something else open. */
  static LocatedDisk required(QmpClient client, LocatedDisk disk) {
    Optional<Path> path =
        switch (disk.source()) {
          case DiskSource.File file -> Optional.of(file.path());
          case DiskSource.Device device -> Optional.of(device.path());
          default -> Optional.empty();
        };
    OptionalLong peer = client.peerPid();
    if (path.isEmpty()
        || peer.isEmpty()
        || disk.selected().method().filter(BY_QEMU::contains).isPresent()
        || ProcessIdentity.ofQemu(peer.getAsLong()).isEmpty()) {
      return disk;
    }
    if (DiskUsers.hasOpen(peer.getAsLong(), path.get()).orElse(true)) {
      return disk;
    }
    throw disk.refusal(
        ErrorCode.DISK_UNSUITABLE,
        "QEMU, the process "
            + peer.getAsLong()
            + ", does not have "
            + path.get()
            + (Files.exists(path.get())
                ? " open: something else lies there by now, or it sees other mounts than we"
                : " open, and nothing lies there")
            + "; only qemu cuts what it writes to");
  }
}
