package dev.stillpoint.backends.layers;

import dev.stillpoint.core.disk.Layer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The block devices of a host as {@code /sys} shows them. Starts no program. */
final class DeviceTree {
  private static final long SECTOR = 512;
  private static final int MAX_ZVOL_DEPTH = 32;
  private static final int MAX_ZVOLS = 100_000;

  private final Path sys;
  private final Path dev;

  /** Over the directories that are {@code /sys} and {@code /dev}. */
  DeviceTree(Path sys, Path dev) {
    this.sys = sys;
    this.dev = dev;
  }

  /**
   * One device, and what is right below it.
   *
   * @param devices numbers
   */
  record Step(Layer layer, List<String> devices, Optional<Path> file) {
    Step {
      devices = List.copyOf(devices);
    }
  }

  /** The device of this number, {@code major:minor}. */
  Step at(String number) {
    try {
      Path link = sys.resolve("dev/block").resolve(number);
      if (!Files.exists(link)) {
        return end(new Layer.Unseen(number, "the kernel shows no such block device"));
      }
      return step(number, link.toRealPath());
    } catch (IOException | IllegalArgumentException e) {
      return end(new Layer.Unseen(number, "/sys could not be read: " + e));
    }
  }

  private Step step(String number, Path directory) throws IOException {
    String kernelName = directory.getFileName().toString();
    Path device = dev.resolve(kernelName.replace('!', '/'));
    if (Files.exists(directory.resolve("partition"))) {
      int index = Integer.parseInt(text(directory.resolve("partition")));
      String whole = text(directory.resolve("../dev").normalize());
      return new Step(new Layer.Partition(device, number, index), List.of(whole), Optional.empty());
    }
    if (Files.exists(directory.resolve("loop/backing_file"))) {
      return loop(device, number, directory.resolve("loop"));
    }
    if (Files.isDirectory(directory.resolve("dm"))) {
      return mapping(number, directory);
    }
    if (kernelName.matches("rbd\\d+")) {
      return end(rbd(kernelName.substring("rbd".length())));
    }
    if (kernelName.matches("nbd\\d+")) {
      return end(new Layer.Remote("nbd", device.toString()));
    }
    if (kernelName.matches("zd\\d+")) {
      return end(zvol(device, number));
    }
    return new Step(
        new Layer.BlockDevice(device, number, size(directory)),
        slaves(directory).stream().map(Slave::number).toList(),
        Optional.empty());
  }

  private static Step end(Layer layer) {
    return new Step(layer, List.of(), Optional.empty());
  }

  private static Step loop(Path device, String number, Path loop) throws IOException {
    long offset = Long.parseLong(text(loop.resolve("offset")));
    return new Step(
        new Layer.Loop(device, number, offset),
        List.of(),
        Optional.of(Path.of(text(loop.resolve("backing_file")))));
  }

  private Step mapping(String number, Path directory) throws IOException {
    String name = text(directory.resolve("dm/name"));
    String uuid = text(directory.resolve("dm/uuid"));
    Path device = dev.resolve("mapper").resolve(name);
    List<String> parts = parts(name);
    List<Slave> slaves = slaves(directory);
    if (!uuid.startsWith("LVM-") || parts.size() < 2) {
      return new Step(
          new Layer.Mapping(device, number, name, uuid),
          slaves.stream().map(Slave::number).toList(),
          Optional.empty());
    }
    String group = parts.get(0);
    Optional<String> pool = Optional.empty();
    Optional<String> origin = Optional.empty();
    for (Slave slave : slaves) {
      List<String> inner = parts(slave.mapped());
      String role = inner.size() > 2 ? inner.get(2) : "";
      if (role.equals("tpool")) {
        pool = Optional.of(inner.get(1));
      } else if (role.equals("real") && !inner.get(1).equals(parts.get(1))) {
        origin = Optional.of(inner.get(1));
      }
    }
    var volume = new Layer.LogicalVolume(device, number, group, parts.get(1), pool, origin);
    var below = new ArrayList<String>();
    addPhysical(group, slaves, below);
    return new Step(volume, below, Optional.empty());
  }

  /**
   * Looks through LVM's own inner devices, such as {@code vg-lv-real} and {@code vg-pool_tdata}.
   */
  private void addPhysical(String group, List<Slave> slaves, List<String> found)
      throws IOException {
    for (Slave slave : slaves) {
      List<String> parts = parts(slave.mapped());
      if (slave.isLvm() && parts.size() > 1 && parts.get(0).equals(group)) {
        addPhysical(group, slaves(slave.directory()), found);
      } else if (!found.contains(slave.number())) {
        found.add(slave.number());
      }
    }
  }

  /** A dash within a name is doubled; a single one stands between two names. */
  static List<String> parts(String name) {
    var parts = new ArrayList<String>();
    var part = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c != '-') {
        part.append(c);
      } else if (i + 1 < name.length() && name.charAt(i + 1) == '-') {
        part.append(c);
        i++;
      } else {
        parts.add(part.toString());
        part.setLength(0);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  private Layer rbd(String index) {
    Path device = sys.resolve("bus/rbd/devices").resolve(index);
    try {
      String snapshot = text(device.resolve("current_snap"));
      return new Layer.RbdImage(
          text(device.resolve("pool")),
          optional(device.resolve("pool_ns")),
          text(device.resolve("name")),
          Optional.of(snapshot).filter(name -> !name.equals("-")));
    } catch (IOException e) {
      return new Layer.Unseen("rbd" + index, "/sys does not tell which image it is");
    }
  }

  private Layer zvol(Path device, String number) {
    Path volumes = dev.resolve("zvol");
    try (Stream<Path> links = Files.walk(volumes, MAX_ZVOL_DEPTH)) {
      Optional<Path> link =
          links
              .limit(MAX_ZVOLS)
              .filter(Files::isSymbolicLink)
              .filter(one -> leadsTo(one, device))
              .findFirst();
      if (link.isPresent()) {
        return new Layer.Zvol(device, number, volumes.relativize(link.get()).toString());
      }
    } catch (IOException | java.io.UncheckedIOException e) {
      // The same as one that is not listed there.
    }
    return new Layer.Unseen(device.toString(), "a volume of a ZFS that " + volumes + " lacks");
  }

  private static boolean leadsTo(Path link, Path device) {
    try {
      return link.resolveSibling(Files.readSymbolicLink(link)).normalize().equals(device);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * All devices of the btrfs to which this one belongs; itself alone where that is not told.
   *
   * @param number of one of them
   */
  List<String> ofBtrfs(String number) {
    Path systems = sys.resolve("fs/btrfs");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(systems)) {
      String name = sys.resolve("dev/block").resolve(number).toRealPath().getFileName().toString();
      for (Path system : all) {
        if (Files.exists(system.resolve("devices").resolve(name))) {
          List<String> numbers =
              linked(system.resolve("devices")).stream().map(Slave::number).toList();
          return numbers.isEmpty() ? List.of(number) : numbers;
        }
      }
    } catch (IOException e) {
      // An old kernel, or one without btrfs.
    }
    return List.of(number);
  }

  private record Slave(String number, Path directory, String mapped, boolean isLvm) {}

  private static List<Slave> slaves(Path directory) throws IOException {
    Path slaves = directory.resolve("slaves");
    return Files.isDirectory(slaves) ? linked(slaves) : List.of();
  }

  private static List<Slave> linked(Path directory) throws IOException {
    var found = new ArrayList<Slave>();
    try (Stream<Path> links = Files.list(directory)) {
      for (Path link : links.sorted().toList()) {
        Path real = link.toRealPath();
        found.add(
            new Slave(
                text(real.resolve("dev")),
                real,
                optional(real.resolve("dm/name")).orElse(""),
                optional(real.resolve("dm/uuid")).orElse("").startsWith("LVM-")));
      }
    }
    return found;
  }

  private static Optional<Long> size(Path directory) throws IOException {
    return optional(directory.resolve("size")).map(sectors -> Long.parseLong(sectors) * SECTOR);
  }

  private static Optional<String> optional(Path file) throws IOException {
    return Files.exists(file)
        ? Optional.of(text(file)).filter(known -> !known.isEmpty())
        : Optional.empty();
  }

  /** What the kernel wrote, without the one newline that it adds. */
  private static String text(Path file) throws IOException {
    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }
}
