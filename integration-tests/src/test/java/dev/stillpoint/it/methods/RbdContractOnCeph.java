package dev.stillpoint.it.methods;

import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.rbd.RbdProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.testing.SnapshotMethodContract;
import dev.stillpoint.testkit.storage.CephCluster;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/** The method {@code rbd} on a real cluster. Not in the default run: {@code ./verify ceph}. */
@Timeout(180)
class RbdContractOnCeph extends SnapshotMethodContract {
  private static final int HEAD = 64;

  private static @Nullable CephCluster cluster;
  private static int images;

  @BeforeAll
  static void start() {
    cluster = CephCluster.start();
  }

  @AfterAll
  static void end() {
    cluster().close();
  }

  private static CephCluster cluster() {
    return Objects.requireNonNull(cluster);
  }

  private static SnapshotMethod method(Programs programs) {
    return new RbdProvider().create(Services.none().with(Programs.class, programs));
  }

  @Override
  protected SnapshotMethod newMethod() {
    return method(KitPrograms.of(cluster()));
  }

  @Override
  protected SnapshotMethod newMethod(Runnable beforeWaiting) {
    return method(KitPrograms.held(KitPrograms.of(cluster()), beforeWaiting));
  }

  @Override
  protected LocatedDisk newDisk(String content) {
    String image = "vm" + images++;
    cluster().rbd("create", "--size=1M", "rbd/" + image);
    LocatedDisk disk = disk(image);
    write(disk, content);
    return disk;
  }

  private static LocatedDisk disk(String image) {
    String name = "rbd:rbd/" + image + ":conf=" + cluster().conf();
    return new LocatedDisk(
        SelectedDisk.named(name).withMethod("rbd"),
        new DiskSource.Remote(name, "raw"),
        CutDisk.named(name));
  }

  private static String image(LocatedDisk disk) {
    return disk.name().split(":", 3)[1];
  }

  @Override
  protected LocatedDisk newUnservableDisk() {
    return disk("none-such");
  }

  @Override
  protected void write(LocatedDisk disk, String content) {
    byte[] text = content.getBytes(StandardCharsets.US_ASCII);
    cluster().write(image(disk), Arrays.copyOf(text, HEAD));
  }

  @Override
  protected String read(LocatedDisk disk) {
    return head(image(disk));
  }

  private static String head(String image) {
    return new String(cluster().read(image), 0, HEAD, StandardCharsets.US_ASCII).replace("\0", "");
  }

  @Override
  protected String readBackup(DiskSource source) {
    return head(source.address());
  }

  @Override
  protected Set<String> contents() {
    var found = new TreeSet<String>();
    for (String image : cluster().rbd("ls").lines().toList()) {
      cluster().rbd("snap", "ls", image).lines().forEach(line -> found.add(image + " " + line));
      cluster()
          .rbd("image-meta", "ls", image)
          .lines()
          .forEach(line -> found.add(image + " " + line));
    }
    return found;
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) {
    cluster().rbd("snap", "create", "--no-progress", image(disk) + "@" + name);
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) throws Exception {
    return cluster().open(image(disk));
  }
}
