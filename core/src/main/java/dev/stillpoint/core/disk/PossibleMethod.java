package dev.stillpoint.core.disk;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A snapshot method that could cut a disk at one of its layers.
 *
 * @param method its name, such as {@code qemu} or {@code lvm}
 * @param layer where it would cut
 * @param standard for whom it is taken where the caller names none
 * @param why in words for a person
 */
public record PossibleMethod(String method, Layer layer, Standard standard, String why) {
  private static final String QEMU = "qemu";

  /** A format, and what QEMU calls an image of Ceph above which it was told no format. */
  private static final Set<String> RAW = Set.of("raw", "rbd");

  /** How QEMU's names of such images begin. */
  private static final String RBD_NAME = "rbd:";

  /** For whom a method is the default. */
  public enum Standard {
    /** For nobody: it has to be named. */
    NO,
    /** For a disk of a machine whose monitor is known. */
    IN_MACHINE,
    /** For a bare disk, of which no machine is known. */
    BARE,
    /** For either. */
    ALWAYS;

    /** Whether it is the default for a disk of a machine whose monitor is known. */
    public boolean inMachine() {
      return this == IN_MACHINE || this == ALWAYS;
    }

    /** Whether it is the default for a bare disk. */
    public boolean bare() {
      return this == BARE || this == ALWAYS;
    }
  }

  /**
   * All that could cut a disk, from its top to its bottom. Says what the layers allow; whether a
   * cut would succeed, for want of space, rights or programs, is not asked. No method is given for
   * an image below the first: a cut is made where the machine writes. At most one of them is the
   * default for a disk of a machine, and at most one for a bare disk.
   */
  public static List<PossibleMethod> of(Layers layers) {
    var found = new ArrayList<PossibleMethod>();
    Layer.Image image = layers.active().image();
    List<Layer> under = layers.active().under();
    for (int i = 0; i < under.size(); i++) {
      addStorage(found, under, i);
    }
    // A qcow2 on a volume is QEMU's to cut: the volume is only where the image lies.
    Optional<String> own =
        RAW.contains(image.format()) && !under.isEmpty()
            ? ownMethod(under.get(0))
            : Optional.empty();
    Optional<String> bare = bareDefault(found, under);
    var all = new ArrayList<PossibleMethod>();
    all.add(qemu(image, own));
    if (image.format().equals("qcow2")) {
      all.add(plain("qemu-internal", image, "qcow2 keeps snapshots inside the image"));
    } else if (own.isPresent() && image.name().startsWith(RBD_NAME)) {
      all.add(plain("qemu-internal", under.get(0), "QEMU lets Ceph make the snapshot"));
    }
    for (PossibleMethod one : found) {
      all.add(one.as(standard(one, own, bare)));
    }
    Layer last = under.isEmpty() ? image : under.get(under.size() - 1);
    all.add(plain("exec", last, "a program of yours may cut any storage"));
    return List.copyOf(all);
  }

  /** The default for a disk of a machine; {@code qemu} where it has no storage of its own. */
  public static String inMachine(String format, List<Layer> under) {
    Optional<String> own =
        RAW.contains(format) && !under.isEmpty() ? ownMethod(under.get(0)) : Optional.empty();
    return own.orElse(QEMU);
  }

  private static Standard standard(
      PossibleMethod one, Optional<String> inMachine, Optional<String> bare) {
    boolean forMachine = inMachine.filter(one.method()::equals).isPresent();
    boolean forBare = bare.filter(one.method()::equals).isPresent();
    if (forMachine) {
      return forBare ? Standard.ALWAYS : Standard.IN_MACHINE;
    }
    return forBare ? Standard.BARE : Standard.NO;
  }

  private PossibleMethod as(Standard other) {
    return new PossibleMethod(method, layer, other, why);
  }

  private static PossibleMethod qemu(Layer.Image image, Optional<String> own) {
    String what = "through the monitor of the machine that runs it, with a qcow2 overlay above it";
    return new PossibleMethod(
        QEMU, image, own.isPresent() ? Standard.NO : Standard.IN_MACHINE, what);
  }

  /** The method of a layer that is a volume of its own, and no mere place for files. */
  private static Optional<String> ownMethod(Layer layer) {
    return switch (layer) {
      case Layer.LogicalVolume volume -> Optional.of("lvm");
      case Layer.Zvol volume -> Optional.of("zfs");
      case Layer.RbdImage image -> Optional.of("rbd");
      default -> Optional.empty();
    };
  }

  /** The smallest thing that can be cut: the volume itself, or the file alone, or its dataset. */
  private static Optional<String> bareDefault(List<PossibleMethod> found, List<Layer> under) {
    Optional<String> own = under.isEmpty() ? Optional.empty() : ownMethod(under.get(0));
    boolean file = !under.isEmpty() && under.get(0) instanceof Layer.File;
    return own.or(() ->
        file
            ? found.stream()
                .filter(one -> one.layer().equals(under.get(0)) || isOf(one, under))
                .map(PossibleMethod::method)
                .findFirst()
            : Optional.empty());
  }

  /** Whether it cuts the file system on which the file lies, and not one further below. */
  private static boolean isOf(PossibleMethod one, List<Layer> under) {
    return under.size() > 1 && one.layer().equals(under.get(1));
  }

  private static void addStorage(List<PossibleMethod> found, List<Layer> under, int at) {
    switch (under.get(at)) {
      case Layer.File file -> {
        if (at + 1 < under.size() && under.get(at + 1) instanceof Layer.FileSystem system) {
          addReflink(found, file, system);
        }
      }
      case Layer.FileSystem system -> addFileSystem(found, system);
      case Layer.LogicalVolume volume ->
          found.add(
              plain(
                  "lvm",
                  volume,
                  volume.isThin()
                      ? "a thin volume shares the space of its pool with its snapshots"
                      : "a snapshot of a classic volume needs free space in the group"));
      case Layer.Zvol volume ->
          found.add(plain("zfs", volume, "a snapshot of the volume " + volume.dataset()));
      case Layer.RbdImage rbd -> found.add(plain("rbd", rbd, "Ceph keeps snapshots of its images"));
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
          plain("reflink", file, "files on this " + system.type() + " can share their blocks"));
    } else if (system.reflink().isEmpty() && system.type().equals("xfs")) {
      found.add(
          plain(
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
          plain("btrfs", system, "a snapshot of the subvolume " + part + " with all its files"));
    } else {
      found.add(plain("zfs", system, "a snapshot of the dataset " + part + " with all its files"));
    }
  }

  private static PossibleMethod plain(String method, Layer layer, String why) {
    return new PossibleMethod(method, layer, Standard.NO, why);
  }
}
