package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.qmp.qapi.ImageInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A disk of a running machine, and all by which somebody outside may know it.
 *
 * @param label the name by which a person knows it best: its qdev id where it has one
 * @param qdev the id of the guest's device, or its path; empty for a node that is only exported
 * @param device the name of the block device, as with {@code -drive}; empty where it has none
 * @param source the image that the machine writes to
 * @param below the names of the images below that one, as QEMU gives them, the nearest first
 * @param guest by what its guest recognises it
 */
public record SeenDisk(
    String label,
    Optional<String> qdev,
    Optional<String> device,
    DiskSource source,
    List<String> below,
    CutDisk guest) {

  /** Copies the list. */
  public SeenDisk {
    below = List.copyOf(below);
  }

  static SeenDisk of(BlockGraph graph, AttachedDisk disk, CutDisk guest) {
    var below = new ArrayList<String>();
    @Nullable ImageInfo image = disk.node().image().backingImage();
    while (image != null) {
      below.add(graph.nameOf(image));
      image = image.backingImage();
    }
    DiskSource source = disk.source();
    return new SeenDisk(disk.label(), disk.qdev(), disk.device(), source, below, guest);
  }
}
