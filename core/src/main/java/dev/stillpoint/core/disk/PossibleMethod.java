package dev.stillpoint.core.disk;

import java.util.ArrayList;
import java.util.List;

/**
 * A snapshot method that could cut a disk at one of its layers.
 *
 * @param method its name, such as {@code qemu} or {@code lvm}
 * @param layer where it would cut
 * @param built whether this release has it
 * @param standard whether it is taken where the caller names none
 * @param why in words for a person
 */
public record PossibleMethod(
    String method, Layer layer, boolean built, boolean standard, String why) {

  /**
   * All that could cut a disk, from its top to its bottom. Says what the layers allow; whether a
   * cut would succeed, for want of space or rights, is not asked. No method is given for an image
   * below the first: a cut is made where the machine writes.
   */
  public static List<PossibleMethod> of(Layers layers) {
    var found = new ArrayList<PossibleMethod>();
    Layer.Image image = layers.active().image();
    List<Layer> under = layers.active().under();
    found.add(qemu(image, under));
    if (image.format().equals("qcow2")) {
      found.add(later("qemu-internal", image, "qcow2 keeps snapshots inside the image"));
    }
    for (int i = 0; i < under.size(); i++) {
      addStorage(found, under.get(i), i + 1 < under.size() ? under.get(i + 1) : under.get(i));
    }
    Layer last = under.isEmpty() ? image : under.get(under.size() - 1);
    found.add(later("exec", last, "a program of yours may cut any storage"));
    return List.copyOf(found);
  }

  private static PossibleMethod qemu(Layer.Image image, List<Layer> under) {
    String what =
        "through the monitor of the machine that runs it, with a qcow2 overlay above it; ";
    String why;
    if (image.format().equals("qcow2")) {
      why = "the default for a qcow2 image";
    } else if (!under.isEmpty() && under.get(0) instanceof Layer.LogicalVolume) {
      why = "the default because it is the only method yet; later lvm is, for a logical volume";
    } else {
      why = "the default because it is the only method yet";
    }
    return new PossibleMethod("qemu", image, true, true, what + why);
  }

  private static void addStorage(List<PossibleMethod> found, Layer layer, Layer below) {
    switch (layer) {
      case Layer.File file -> {
        if (below instanceof Layer.FileSystem system) {
          addReflink(found, file, system);
        }
      }
      case Layer.FileSystem system -> addFileSystem(found, system);
      case Layer.LogicalVolume volume ->
          found.add(
              later(
                  "lvm",
                  volume,
                  volume.isThin()
                      ? "a thin volume shares the space of its pool with its snapshots"
                      : "a snapshot of a classic volume needs free space in the group"));
      case Layer.Zvol volume ->
          found.add(later("zfs", volume, "a snapshot of the volume " + volume.dataset()));
      case Layer.RbdImage rbd -> found.add(later("rbd", rbd, "Ceph keeps snapshots of its images"));
      case Layer.Image i -> {}
      case Layer.BlockDevice i -> {}
      case Layer.Partition i -> {}
      case Layer.Loop i -> {}
      case Layer.Mapping i -> {}
      case Layer.Remote i -> {}
      case Layer.Several i -> {}
      case Layer.Unseen i -> {}
    }
  }

  /** Where it is known that files cannot share their blocks there is nothing to offer. */
  private static void addReflink(
      List<PossibleMethod> found, Layer.File file, Layer.FileSystem system) {
    if (system.reflink().orElse(false)) {
      found.add(
          later("reflink", file, "files on this " + system.type() + " can share their blocks"));
    } else if (system.reflink().isEmpty() && system.type().equals("xfs")) {
      found.add(
          later(
              "reflink",
              file,
              "where the xfs was made with reflink=1, which could not be read from "
                  + system.source()));
    }
  }

  private static void addFileSystem(List<PossibleMethod> found, Layer.FileSystem system) {
    if (system.part().isEmpty()) {
      return;
    }
    String part = system.part().get();
    if (system.type().equals("btrfs")) {
      found.add(
          later("btrfs", system, "a snapshot of the subvolume " + part + " with all its files"));
    } else {
      found.add(later("zfs", system, "a snapshot of the dataset " + part + " with all its files"));
    }
  }

  private static PossibleMethod later(String method, Layer layer, String why) {
    return new PossibleMethod(method, layer, false, false, why);
  }
}
