package dev.stillpoint.it.methods;

import dev.stillpoint.backends.zfs.ZfsProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.RemoteDisk;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.storage.StorageGuest;
import dev.stillpoint.testkit.storage.ZfsGuest;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** A guest whose disk is a volume of an OpenZFS on another machine, served over NBD. */
class ZfsOfGuestOnZvols extends StorageOfGuestContract {
  @TempDir private Path copies = Path.of("");
  private final ZfsGuest server = ZfsGuest.start();

  @AfterEach
  void end() {
    server.close();
  }

  @Override
  protected GuestDisk disk() {
    return StorageGuest.disk();
  }

  @Override
  protected DiskPlace place() {
    server.createVolume("disk", disk().sizeBytes());
    return server.placeOf("disk");
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new ZfsProvider().create(Services.none());
  }

  @Override
  protected Map<String, String> options() {
    return Map.of("dataset", "tank/disk", "at", at());
  }

  private String at() {
    return "qga:unix:" + server.agent();
  }

  @Override
  protected DiskSource source(Guest guest) {
    return new DiskSource.Remote(at() + " /dev/zvol/tank/disk", "raw");
  }

  @Override
  protected void machineHasEnded() {
    server.unexportAll();
  }

  @Override
  protected Set<String> contents() {
    return new TreeSet<>(server.contents());
  }

  private static String path(DiskSource source) {
    String address = source.address();
    return address.substring(address.lastIndexOf(' ') + 1);
  }

  @Override
  protected String hash(DiskSource source) {
    server.links();
    return server.shell("sha256sum < " + path(source));
  }

  @Override
  protected FrozenImage copy(DiskSource backup) {
    String name = path(backup).substring("/dev/zvol/tank/".length());
    RemoteDisk served = server.exportReadOnly(name);
    Path copy = copies.resolve("copy");
    server.copy(served, copy);
    server.unexport(served);
    return FrozenImage.of(copy, "raw");
  }

  @Override
  protected boolean isReadOnly(DiskSource backup) {
    String said =
        server.shell(
            "blockdev --getro %1$s; dd if=/dev/zero of=%1$s count=1 conv=fsync 2>&1 && echo written; true"
                .formatted(path(backup)));
    return said.startsWith("1\n") && !said.contains("written");
  }
}
