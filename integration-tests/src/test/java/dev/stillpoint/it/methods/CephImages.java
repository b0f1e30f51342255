package dev.stillpoint.it.methods;

import dev.stillpoint.backends.address.RbdName;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.storage.CephCluster;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The images of a cluster, and what is read of them as a backup would. */
record CephImages(CephCluster cluster) {
  private static final Pattern HEAD = Pattern.compile("^(SNAPID|There (is|are)|Key) ");

  /** Of an image or a snapshot, by Ceph's own program. */
  Path exported(DiskSource source, Path file) {
    cluster.export(image(source).address(), file);
    return file;
  }

  /** The same by QEMU's. */
  Path converted(String name, Path file) {
    HostCommand.run(
        Path.of("/"),
        cluster.qemu(List.of("qemu-img", "convert", "-U", "-O", "raw", name, file.toString())));
    return file;
  }

  /** By what QEMU opens a snapshot. */
  String name(DiskSource source) {
    DiskSource.Rbd image = image(source);
    String namespace = image.namespace().map(one -> "\"namespace\":\"" + one + "\",").orElse("");
    return ("json:{\"driver\":\"raw\",\"file\":{\"driver\":\"rbd\",\"pool\":\"%s\",%s\"image\":\"%s\","
            + "\"snapshot\":\"%s\",\"conf\":\"%s\"}}")
        .formatted(
            image.pool(), namespace, image.image(), image.snapshot().orElseThrow(), cluster.conf());
  }

  /** Whether QEMU cannot write to a snapshot, nor Ceph's own program. */
  boolean isReadOnly(DiskSource snapshot) {
    var command = new ArrayList<>(List.of("qemu-io", "-c", "write 0 512", name(snapshot)));
    var written = HostCommand.attempt(Path.of("/"), cluster.qemu(command));
    return written.status() != 0 && written.output().contains("read-only");
  }

  private static DiskSource.Rbd image(DiskSource source) {
    return source instanceof DiskSource.Rbd rbd
        ? rbd
        : RbdName.read(source.address(), "raw").orElseThrow();
  }

  /** The snapshots and keys of an image. */
  Set<String> kept(String image) {
    var found = new TreeSet<String>();
    for (String what : List.of("snap", "image-meta")) {
      // Below the heads of the columns; without any the program says that there is none.
      cluster
          .rbd(what, "ls", image)
          .lines()
          .filter(line -> !HEAD.matcher(line).find())
          .forEach(found::add);
    }
    return found;
  }
}
