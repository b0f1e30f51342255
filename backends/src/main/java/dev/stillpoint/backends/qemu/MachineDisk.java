package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.qapi.ImageInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A disk of a running machine and the images of its chain, from {@code query-block} and {@code
 * query-named-block-nodes}.
 *
 * @param label the name by which a person knows it best
 * @param chain the image that the machine writes to, then the one below it, and so on
 */
public record MachineDisk(String label, List<NamedImage> chain) {

  /**
   * An image.
   *
   * @param name as QEMU gives it: a path as this QEMU sees it, or something like {@code json:...},
   *     perhaps with secrets in it
   * @param format the driver of its node
   */
  public record NamedImage(String name, String format) {}

  /** Copies the list. */
  public MachineDisk {
    chain = List.copyOf(chain);
  }

  /**
   * Asks a machine for one of its disks, and blocks for that.
   *
   * @param name a qdev id, a block device name, a node name or an image path, tried in that order
   * @throws SnapshotException when the machine has no such disk
   * @throws RuntimeException the client's own, when it does not answer in time
   */
  public static MachineDisk read(QmpClient client, String name, Deadline deadline) {
    AttachedDisk disk = BlockGraph.read(new Monitor(client), deadline).find(name);
    var chain = new ArrayList<NamedImage>();
    chain.add(new NamedImage(disk.fileName(), disk.format()));
    @Nullable ImageInfo below = disk.node().image().backingImage();
    while (below != null) {
      chain.add(new NamedImage(below.filename(), below.format()));
      below = below.backingImage();
    }
    return new MachineDisk(disk.label(), chain);
  }
}
