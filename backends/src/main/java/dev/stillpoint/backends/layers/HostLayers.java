package dev.stillpoint.backends.layers;

import dev.stillpoint.backends.host.Mount;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.backends.host.XfsHeader;
import dev.stillpoint.core.disk.Layer;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What lies under a path of this host: from mountinfo, {@code /sys} and the files themselves. */
final class HostLayers {
  /** The most layers that are followed. */
  static final int MAX_LAYERS = 64;

  /** The inode of the top of every subvolume. */
  private static final long SUBVOLUME_INODE = 256;

  private static final Set<String> WITHOUT_REFLINK =
      Set.of("ext2", "ext3", "ext4", "vfat", "tmpfs");
  private static final Set<String> NETWORK = Set.of("nfs", "nfs4", "cifs", "smb3", "ceph", "9p");
  private static final Set<String> MEMORY = Set.of("tmpfs", "ramfs", "rootfs");
  private static final Set<String> ZFS = Set.of("zfs", "fuse.zfs");

  private final Mounts mounts;
  private final DeviceTree devices;

  HostLayers(Mounts mounts, DeviceTree devices) {
    this.mounts = mounts;
    this.devices = devices;
  }

  /**
   * All that lies under a file or a block device, itself first.
   *
   * @param path exists
   */
  List<Layer> under(Path path) {
    var layers = new ArrayList<Layer>();
    Optional<Path> next = Optional.of(path);
    while (next.isPresent()) {
      next = descend(next.get(), layers);
    }
    return layers;
  }

  /** Adds layers until there is none, or one that is a file again. */
  private Optional<Path> descend(Path path, List<Layer> layers) {
    List<String> below;
    try {
      HostFile file = HostFile.read(path);
      below = file.kind() == HostFile.Kind.BLOCK ? List.of(file.target()) : addFile(file, layers);
    } catch (IOException e) {
      layers.add(new Layer.Unseen(path.toString(), "it cannot be seen from here under this name"));
      return Optional.empty();
    }
    while (below.size() == 1) {
      if (layers.size() >= MAX_LAYERS) {
        layers.add(new Layer.Unseen(below.get(0), "more than " + MAX_LAYERS + " layers"));
        return Optional.empty();
      }
      DeviceTree.Step step = devices.at(below.get(0));
      layers.add(step.layer());
      if (step.file().isPresent()) {
        return step.file();
      }
      below = step.devices();
    }
    if (!below.isEmpty()) {
      layers.add(
          new Layer.Several(below.stream().map(number -> devices.at(number).layer()).toList()));
    }
    return Optional.empty();
  }

  /** The file and its file system; returns the devices below. */
  private List<String> addFile(HostFile file, List<Layer> layers) throws IOException {
    layers.add(new Layer.File(file.path(), file.device(), file.inode()));
    Optional<Mount> mounted = mounts.of(file.path());
    if (mounted.isEmpty()) {
      layers.add(new Layer.Unseen(file.path().toString(), "no mount of this process holds it"));
      return List.of();
    }
    Mount mount = mounted.get();
    layers.add(
        new Layer.FileSystem(
            mount.type(),
            mount.point(),
            mount.source(),
            mount.options(),
            part(file, mount),
            reflink(mount)));
    if (NETWORK.contains(mount.type())) {
      layers.add(new Layer.Remote(mount.type(), mount.source()));
      return List.of();
    }
    List<String> below = devicesOf(mount);
    if (below.isEmpty() && !MEMORY.contains(mount.type())) {
      String why = "what is under a file system of the type " + mount.type() + " is not told";
      layers.add(new Layer.Unseen(mount.source(), why));
    }
    return below;
  }

  private List<String> devicesOf(Mount mount) {
    if (!mount.device().startsWith("0:")) {
      return List.of(mount.device());
    }
    if (!mount.type().equals("btrfs")) {
      return List.of();
    }
    try {
      HostFile source = HostFile.read(Path.of(mount.source()));
      return source.kind() == HostFile.Kind.BLOCK ? devices.ofBtrfs(source.target()) : List.of();
    } catch (IOException | InvalidPathException e) {
      return List.of();
    }
  }

  private static Optional<String> part(HostFile file, Mount mount) throws IOException {
    if (ZFS.contains(mount.type())) {
      return Optional.of(mount.source());
    }
    return mount.type().equals("btrfs") ? Optional.of(subvolume(file, mount)) : Optional.empty();
  }

  /** A subvolume begins at the nearest directory above that has the number of a top. */
  private static String subvolume(HostFile file, Mount mount) throws IOException {
    Path directory = file.path().getParent();
    while (directory != null && directory.startsWith(mount.point())) {
      if (HostFile.read(directory).inode() == SUBVOLUME_INODE) {
        Path inMount = mount.point().relativize(directory);
        return Path.of(mount.root()).resolve(inMount).normalize().toString();
      }
      directory = directory.getParent();
    }
    // A directory of one is mounted, and where it begins cannot be seen from here.
    return mount.root();
  }

  private static Optional<Boolean> reflink(Mount mount) {
    if (mount.type().equals("btrfs")) {
      return Optional.of(true);
    }
    if (mount.type().equals("xfs")) {
      return XfsHeader.reflink(mount.source());
    }
    return WITHOUT_REFLINK.contains(mount.type()) ? Optional.of(false) : Optional.empty();
  }
}
