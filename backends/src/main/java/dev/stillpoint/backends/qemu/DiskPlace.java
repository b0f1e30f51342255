package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.address.ToldName;
import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.qmp.qapi.ImageInfo;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Where a machine writes what belongs to one disk that an operation worked on. */
enum DiskPlace {
  /** To the image that it wrote to before the cut: nothing of that disk is in the overlay. */
  SOURCE,
  /** To the operation's own overlay node. */
  OVERLAY,
  /** To an image above the overlay, or to the overlay through a node of somebody else's. */
  ABOVE,
  /** Nowhere that can be seen, as when the disk was unplugged: the overlay may be what counts. */
  NOWHERE;

  /** The place as this graph shows it. */
  static DiskPlace of(BlockGraph graph, Inventory disk) {
    String overlayNode = QemuRemains.named(disk, Kind.NODE, "overlay").orElse("");
    if (user(graph, one -> one.nodeName().equals(overlayNode)).isPresent()) {
      return OVERLAY;
    }
    if (userOfOverlay(graph, disk).isPresent()) {
      return ABOVE;
    }
    boolean onSource =
        user(
                graph,
                one ->
                    disk.node().filter(one.nodeName()::equals).isPresent()
                        || ToldName.isSame(one.fileName(), disk.source()))
            .isPresent();
    return onSource ? SOURCE : NOWHERE;
  }

  /** The disk of the machine that writes to the overlay, or to an image above it. */
  static Optional<AttachedDisk> userOfOverlay(BlockGraph graph, Inventory disk) {
    String node = QemuRemains.named(disk, Kind.NODE, "overlay").orElse("");
    Optional<Path> overlay = QemuRemains.overlayOf(disk);
    return user(
        graph,
        one ->
            one.nodeName().equals(node)
                || overlay.filter(path -> isInChain(graph, one.node().image(), path)).isPresent());
  }

  private static Optional<AttachedDisk> user(BlockGraph graph, Predicate<AttachedDisk> wanted) {
    return graph.disks().stream().filter(wanted).findFirst();
  }

  private static boolean isInChain(BlockGraph graph, @Nullable ImageInfo top, Path file) {
    ImageInfo image = top;
    while (image != null) {
      if (file.toString().equals(graph.nameOf(image))) {
        return true;
      }
      image = image.backingImage();
    }
    return false;
  }
}
