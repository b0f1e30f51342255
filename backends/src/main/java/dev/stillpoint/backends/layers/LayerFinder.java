package dev.stillpoint.backends.layers;

import dev.stillpoint.backends.address.ImageAddress;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.backends.qemu.MachineDisk;
import dev.stillpoint.backends.qemu.image.ImageProbe;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.disk.Layers;
import dev.stillpoint.core.disk.Layers.Stack;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds what lies under a disk. Reads only: opens local images one by one, without their locks, and
 * connects to nothing that an image names. Blocks its caller.
 */
public final class LayerFinder {
  private static final String UNKNOWN = "unknown";

  /** Drivers that lead to bytes and give them no format. */
  private static final Set<String> PROTOCOLS =
      Set.of("file", "host_device", "rbd", "nbd", "nfs", "iscsi", "ssh", "http", "https", "ftp");

  private final String disk;
  private final HostLayers host;
  private final List<Stack> chain = new ArrayList<>();
  private final List<String> troubles = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private LayerFinder(String disk) {
    this.disk = disk;
    try {
      var devices = new DeviceTree(Path.of("/sys"), Path.of("/dev"));
      this.host = new HostLayers(Mounts.own(), devices);
    } catch (IOException e) {
      throw refused(ErrorCode.DISK_UNSUITABLE, "the mounts of this host cannot be read: " + e);
    }
  }

  /**
   * Under an image file or a block device of this host.
   *
   * @param path absolute, or from the directory of this process
   * @throws SnapshotException with {@link ErrorCode#NO_SUCH_DISK} when nothing is there, with
   *     {@link ErrorCode#DISK_UNSUITABLE} when it cannot be a disk or be read. What is broken
   *     further down is told in the result.
   */
  public static Layers under(String path) {
    var finder = new LayerFinder(path);
    finder.followFiles(finder.start(path));
    return finder.found();
  }

  /**
   * Under a disk of a running machine, whose chain of images QEMU tells.
   *
   * @param disk a qdev id, a block device name, a node name or an image path, tried in that order
   * @throws SnapshotException with {@link ErrorCode#NO_SUCH_DISK} when the machine has none such
   */
  public static Layers under(QmpClient monitor, String disk, Deadline deadline) {
    MachineDisk known = MachineDisk.read(monitor, disk, deadline);
    var finder = new LayerFinder(disk);
    finder.followQemu(known.chain());
    return finder.found();
  }

  /**
   * What is under a path of this host, whatever its bytes are, from the top to the bottom. Blocks.
   *
   * @throws SnapshotException with {@link ErrorCode#DISK_UNSUITABLE} when that cannot be told
   */
  public static List<Layer> on(Path path) {
    return new LayerFinder(path.toString()).host.under(path);
  }

  private Layers found() {
    if (chain.size() > 1) {
      notes.add("a snapshot by the storage holds the first image, not what is below it elsewhere");
    }
    return new Layers(disk, chain, troubles, notes);
  }

  private Path start(String text) {
    try {
      Path path = Path.of(text).toAbsolutePath();
      if (text.isEmpty() || !Files.exists(path)) {
        throw refused(
            ErrorCode.NO_SUCH_DISK, "there is no '" + text + "', or it cannot be reached");
      }
      return path;
    } catch (InvalidPathException e) {
      throw refused(ErrorCode.NO_SUCH_DISK, "'" + text + "' is no path here");
    }
  }

  private SnapshotException refused(ErrorCode code, String message) {
    return new SnapshotException(Failure.ofDisk(code, message, disk));
  }

  /** An image file that is next, and what the one above says of its format. */
  private record Next(Path path, Optional<String> format) {}

  private void followFiles(Path top) {
    Set<String> seen = new HashSet<>();
    Optional<Next> next = Optional.of(new Next(top, Optional.empty()));
    while (next.isPresent()) {
      try {
        next = follow(next.get(), seen);
      } catch (IOException e) {
        String reason = "'" + next.get().path() + "' cannot be read as an image: " + reason(e);
        if (chain.isEmpty()) {
          throw refused(ErrorCode.DISK_UNSUITABLE, reason);
        }
        troubles.add(reason);
        return;
      }
    }
  }

  private static String reason(IOException e) {
    return e instanceof java.nio.file.AccessDeniedException ? "no permission" : "" + e.getMessage();
  }

  private Optional<Next> follow(Next here, Set<String> seen) throws IOException {
    HostFile file = HostFile.read(here.path());
    if (!file.kind().canBeDisk()) {
      throw new IOException("it is " + file.kind().words());
    }
    if (!Files.isReadable(file.path())) {
      throw new IOException("no permission");
    }
    if (!seen.add(file.device() + "/" + file.inode())) {
      troubles.add("the chain of images comes back to '" + here.path() + "'");
      return Optional.empty();
    }
    if (chain.size() >= Layers.MAX_CHAIN) {
      troubles.add("the chain is longer than " + Layers.MAX_CHAIN + " images");
      return Optional.empty();
    }
    ImageProbe probe = ImageProbe.read(here.path(), here.format());
    Optional<Path> directory = Optional.ofNullable(here.path().getParent());
    probe.note().ifPresent(notes::add);
    probe
        .dataFile()
        .map(name -> name(ImageAddress.of(name, directory)))
        .ifPresent(data ->
            notes.add("the data of '" + here.path() + "' lies in '" + data + "', not looked at"));
    Optional<ImageAddress> below = probe.backing().map(name -> ImageAddress.of(name, directory));
    add(
        here.path().toString(),
        probe.format(),
        here.format().isEmpty(),
        below.map(LayerFinder::name),
        host.under(here.path()));
    if (below.isEmpty()) {
      return Optional.empty();
    }
    return switch (below.get()) {
      case ImageAddress.Local local -> below(here, local.path(), probe.backingFormat());
      case ImageAddress.Elsewhere elsewhere -> {
        String format = probe.backingFormat().orElse(UNKNOWN);
        add(elsewhere.name(), format, false, Optional.empty(), List.of(elsewhere.layer()));
        notes.add("'" + elsewhere.name() + "' was not opened; it may have images below it");
        yield Optional.empty();
      }
    };
  }

  private Optional<Next> below(Next above, Path path, Optional<String> format) {
    if (!Files.exists(path)) {
      troubles.add("the backing file '" + path + "' of '" + above.path() + "' is not there");
      return Optional.empty();
    }
    return Optional.of(new Next(path, format));
  }

  private void followQemu(List<MachineDisk.NamedImage> images) {
    List<ImageAddress> addresses =
        images.stream().map(image -> ImageAddress.of(image.name(), Optional.empty())).toList();
    for (int i = 0; i < images.size() && i < Layers.MAX_CHAIN; i++) {
      String driver = images.get(i).format();
      List<Layer> under =
          switch (addresses.get(i)) {
            case ImageAddress.Local local -> host.under(local.path());
            case ImageAddress.Elsewhere elsewhere -> List.of(elsewhere.layer());
          };
      add(
          name(addresses.get(i)),
          PROTOCOLS.contains(driver) ? "raw" : driver,
          false,
          i + 1 < images.size() ? Optional.of(name(addresses.get(i + 1))) : Optional.empty(),
          under);
    }
  }

  private static String name(ImageAddress address) {
    return switch (address) {
      case ImageAddress.Local local -> local.path().toString();
      case ImageAddress.Elsewhere elsewhere -> elsewhere.name();
    };
  }

  private void add(
      String name, String format, boolean probed, Optional<String> backing, List<Layer> under) {
    chain.add(new Stack(new Layer.Image(name, format, probed, backing), under));
  }
}
