package dev.stillpoint.it.methods;

import dev.stillpoint.backends.qemu.QemuInternalProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.testing.SnapshotMethodContract;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots inside qcow2 images that no machine uses, by {@code qemu-img}. */
@Timeout(120)
class QemuInternalContractTest extends SnapshotMethodContract {
  private static final int SECTOR = 512;

  @TempDir private Path home;
  private int disks;

  private String run(String... command) {
    return HostCommand.run(home, List.of(command));
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new QemuInternalProvider().create(Services.none());
  }

  @Override
  protected LocatedDisk newDisk(String content) throws Exception {
    return disk("qcow2", content);
  }

  private LocatedDisk disk(String format, String content) throws Exception {
    Path image = home.toRealPath().resolve("it's a disk " + disks++ + "." + format);
    run("qemu-img", "create", "-q", "-f", format, image.toString(), "1M");
    var disk =
        new LocatedDisk(
            SelectedDisk.named(image.toString()).withMethod("qemu-internal"),
            new DiskSource.File(image, format),
            CutDisk.named(image.toString()));
    write(disk, content);
    return disk;
  }

  @Override
  protected LocatedDisk newUnservableDisk() throws Exception {
    return disk("raw", "");
  }

  private static String path(LocatedDisk disk) {
    return disk.source().address();
  }

  @Override
  protected void write(LocatedDisk disk, String content) throws IOException {
    Path sector = Files.createTempFile(home, "sector", ".bin");
    Files.write(sector, Arrays.copyOf(content.getBytes(StandardCharsets.US_ASCII), SECTOR));
    String command = "write -q -s " + sector + " 0 " + SECTOR;
    run("qemu-io", "-f", disk.source().format(), "-c", command, path(disk));
    Files.delete(sector);
  }

  @Override
  protected String read(LocatedDisk disk) throws IOException {
    return firstOf("-f", disk.source().format(), path(disk));
  }

  @Override
  protected String readBackup(DiskSource source) throws IOException {
    var inside = (DiskSource.Internal) source;
    return firstOf("-l", "snapshot.name=" + inside.snapshot(), inside.image().toString());
  }

  private String firstOf(String option, String value, String image) throws IOException {
    Path raw = home.resolve("out");
    run("qemu-img", "convert", option, value, "-O", "raw", image, raw.toString());
    try (var in = Files.newInputStream(raw)) {
      return new String(in.readNBytes(SECTOR), StandardCharsets.US_ASCII).replace("\0", "");
    }
  }

  @Override
  protected Set<String> contents() throws IOException {
    var found = new TreeSet<String>();
    try (var images = Files.newDirectoryStream(home, "*.qcow2")) {
      for (Path image : images) {
        run("qemu-img", "info", "-U", image.toString())
            .lines()
            .filter(line -> line.contains(".sp-") || line.contains("nightly"))
            .map(line -> image + " " + line)
            .forEach(found::add);
      }
    }
    return found;
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) {
    run("qemu-img", "snapshot", "-c", name.text(), path(disk));
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) {
    return QemuProcess.storageDaemon(
        "--blockdev", "driver=file,node-name=f,filename=" + path(disk),
        "--blockdev", "driver=qcow2,node-name=q,file=f",
        "--export",
            "vhost-user-blk,id=e,node-name=q,writable=on,addr.type=unix,addr.path="
                + home.resolve("s"));
  }
}
