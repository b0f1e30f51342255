package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.Remains;
import dev.stillpoint.qmp.QmpClient;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The overlays of an operation that did not end, in one machine, as the interface of methods asks
 * for them: only by the names and marks that the operation gave them. Methods block.
 */
final class LeftOverlays {
  private final QmpClient client;
  private final List<Inventory> disks;

  LeftOverlays(QmpClient client, List<Inventory> disks) {
    this.client = client;
    this.disks = disks;
  }

  Remains find(String operationId, Deadline deadline) {
    var found = new QemuRemains(client, disks).find(deadline);
    List<DiskSnapshot> present = new ArrayList<>();
    List<String> absent = new ArrayList<>();
    List<String> doubtful = new ArrayList<>();
    for (Inventory disk : disks) {
      Optional<DiskSnapshot> applied =
          found.applied().stream().filter(one -> one.disk().equals(disk.disk())).findFirst();
      if (isOf(disk, operationId)) {
        applied.ifPresentOrElse(present::add, () -> absent.add(disk.disk()));
      } else if (applied.isPresent() || overlay(disk).filter(LeftOverlays::isThere).isPresent()) {
        doubtful.add(
            "the overlay "
                + overlay(disk).orElseThrow()
                + ", which nothing shows to be the operation's");
      } else {
        absent.add(disk.disk());
      }
    }
    return new Remains(present, absent, doubtful);
  }

  void discard(String operationId, Deadline deadline) {
    List<Inventory> ours = disks.stream().filter(disk -> isOf(disk, operationId)).toList();
    List<String> left =
        new ArrayList<>(new QemuUndo(client, ours, () -> false).run(new ArrayList<>(), deadline));
    var remains = new QemuRemains(client, ours);
    if (left.isEmpty()) {
      left.addAll(remains.remove(new ArrayList<>(), deadline));
    }
    if (left.isEmpty()) {
      // None is taken for ours that was planned only: what has our number is.
      left.addAll(
          new FileRemains(ours, Instant.MAX, Instant.MAX)
              .remove(path -> remains.uses(path, deadline), new ArrayList<>()));
    }
    if (!left.isEmpty()) {
      throw new SnapshotException(
          Failure.of(ErrorCode.CLEANUP_FAILED, "left behind: " + String.join("; ", left)));
    }
  }

  /** By the names in QEMU, and by the mark on the file where one is there. */
  private static boolean isOf(Inventory disk, String operationId) {
    boolean named =
        QemuRemains.named(disk, Kind.NODE, "overlay")
            .filter(node -> node.startsWith("sp-" + operationId + "-"))
            .isPresent();
    return named
        && overlay(disk)
            .flatMap(OverlayMark::read)
            .filter(mark -> !mark.operationId().equals(operationId))
            .isEmpty();
  }

  private static Optional<Path> overlay(Inventory disk) {
    return QemuRemains.overlayOf(disk);
  }

  private static boolean isThere(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }
}
