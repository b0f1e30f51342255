package dev.stillpoint.it.methods;

import dev.stillpoint.backends.disks.MachineDisks;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.rbd.RbdProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.storage.CephCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A guest whose disk is an image of a real cluster, known by the name alone that QEMU has for it.
 * Not in the default run: {@code ./verify ceph}.
 */
@Timeout(600)
class RbdOfGuestOnCeph extends StorageOfGuestContract {
  private static final String IMAGE = "rbd/guest";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static @Nullable CephCluster cluster;

  @TempDir private Path home;

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

  private static CephImages images() {
    return new CephImages(cluster());
  }

  @Override
  protected DiskPlace place() {
    return cluster().placeOf(IMAGE);
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new RbdProvider().create(services());
  }

  @Override
  protected Services services() {
    return Services.none().with(Programs.class, KitPrograms.of(cluster()));
  }

  @Override
  protected DiskSource source(Guest guest) {
    try (QmpClient monitor = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      return new MachineDisks(monitor)
          .locate(List.of(SelectedDisk.named("vd0")), Deadline.after(PATIENCE))
          .toCompletableFuture()
          .join()
          .disks()
          .get(0)
          .source();
    }
  }

  @Override
  protected Set<String> contents() {
    return images().kept(IMAGE);
  }

  @Override
  protected String hash(DiskSource source) throws Exception {
    Path file = images().exported(source, home.resolve("exported"));
    String hash = super.hash(new DiskSource.File(file, "raw"));
    java.nio.file.Files.delete(file);
    return hash;
  }

  @Override
  protected FrozenImage copy(DiskSource backup) {
    Path file = images().converted(images().name(backup), home.resolve("converted"));
    return FrozenImage.of(file, "raw");
  }

  @Override
  protected boolean isReadOnly(DiskSource backup) {
    return images().isReadOnly(backup);
  }
}
