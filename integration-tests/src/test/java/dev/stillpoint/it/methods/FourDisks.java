package dev.stillpoint.it.methods;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.it.Machine;
import dev.stillpoint.qmp.qapi.QueryBlock;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.RemoteDisk;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.storage.ArrayGuest;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/** A running guest with its four disks on four storages. */
final class FourDisks implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** LVM in a guest under TCG, on a machine that does other things too. */
  private static final Duration WINDOW = Duration.ofSeconds(30);

  private static final GuestConfig CONFIG =
      GuestConfig.of(
          GuestDisk.of(FileSystem.EXT4),
          GuestDisk.of(FileSystem.EXT4).raw(),
          GuestDisk.of(FileSystem.EXT4).raw(),
          ArrayGuest.disk());

  private static final Pattern DISK = Pattern.compile("disk[12]\\.raw");

  private final List<AutoCloseable> open = new ArrayList<>();
  private final LoopMount btrfs = opened(LoopMount.btrfs(640L << 20));
  private final LoopMount xfs = opened(LoopMount.xfs(640L << 20));
  private final ArrayGuest array = opened(ArrayGuest.start());
  private final Machine machine;

  private FourDisks() {
    array.createThinVolume("disk", ArrayGuest.disk().sizeBytes());
    Guest guest =
        WarmGuest.of(CONFIG)
            .startWith(
                Map.of(
                    1, new DiskPlace.Directory(btrfs.path()),
                    2, new DiskPlace.Directory(xfs.path()),
                    3, array.placeOf("disk")));
    machine = opened(Machine.on(guest, guest.qmp(), guest.agent()));
  }

  static FourDisks start() {
    return new FourDisks();
  }

  private <T extends AutoCloseable> T opened(T one) {
    open.add(one);
    return one;
  }

  Machine machine() {
    return machine;
  }

  SnapshotEngine engine() {
    return machine.engine(engine -> engine);
  }

  long acknowledged() {
    return machine.guest().awaitNextAck(PATIENCE);
  }

  List<SelectedDisk> selected() {
    return List.of(
        SelectedDisk.named("vd0"),
        SelectedDisk.named("vd1").withMethod("btrfs"),
        SelectedDisk.named("vd2").withMethod("reflink"),
        SelectedDisk.named("vd3")
            .withMethod("lvm")
            .withOption("device", "/dev/vg/disk")
            .withOption("at", "qga:unix:" + array.agent()));
  }

  SnapshotRequest request(String name) {
    return unnamed(name).withDisks(selected());
  }

  /** The same, and which disks is told elsewhere. */
  SnapshotRequest unnamed(String name) {
    return SnapshotRequest.named(name).freezeWindow(WINDOW).timeout(PATIENCE.multipliedBy(2));
  }

  /** The four as libvirt has them, each with its method in it. */
  List<String> xml() {
    URI served = URI.create(image(3));
    return List.of(
        xml(0, "file", "file='" + image(0) + "'/>", "<diskSnapshot method='qemu'/>"),
        xml(1, "file", "file='" + image(1) + "'/>", "<diskSnapshot method='btrfs'/>"),
        xml(2, "file", "file='" + image(2) + "'/>", "<diskSnapshot method='reflink'/>"),
        xml(
            3,
            "network",
            "protocol='nbd' name='disk'><host name='%s' port='%d'/></source>"
                .formatted(served.getHost(), served.getPort()),
            "<diskSnapshot method='lvm'><device path='/dev/vg/disk'/><host at='qga:unix:%s'/></diskSnapshot>"
                .formatted(array.agent())));
  }

  private static String xml(int index, String type, String source, String method) {
    return "<disk type='%s' device='disk'><driver name='qemu' type='%s'/><source %s<target dev='vd%s'/><serial>disk%d</serial>%s</disk>"
        .formatted(type, index == 0 ? "qcow2" : "raw", source, "abcd".charAt(index), index, method);
  }

  /** What the machine writes to now, as QEMU names it. */
  private String image(int index) {
    return machine.monitor().execute(new QueryBlock()).join().stream()
        .filter(one -> String.valueOf(one.qdev()).contains("/vd" + index + "/"))
        .map(one -> Objects.requireNonNull(one.inserted(), "a disk has an image").file())
        .findFirst()
        .orElseThrow();
  }

  SnapshotResult take(SnapshotRequest request, SnapshotMethod... more) {
    return machine.take(
        request,
        engine -> {
          List.of(more).forEach(engine::method);
          return engine;
        });
  }

  /** What a backup reads of each disk, in order. */
  List<FrozenImage> images(SnapshotResult result) {
    List<FrozenImage> images = new ArrayList<>();
    for (DiskSnapshot disk : result.disks()) {
      images.add(
          disk.backupSource() instanceof DiskSource.File file
              ? FrozenImage.of(file.path(), file.format())
              : ofVolume("disk." + result.name()));
    }
    return images;
  }

  private FrozenImage ofVolume(String name) {
    RemoteDisk served = array.exportReadOnly(name);
    try {
      Path copy = Files.createTempFile("sp-volume", ".raw");
      array.copy(served, copy);
      FrozenImage image = FrozenImage.of(copy, "raw");
      Files.delete(copy);
      return image;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      array.unexport(served);
    }
  }

  /** Removes the storages' snapshots of that name, as a user does. */
  void forget(String name) {
    selected().stream().skip(1).forEach(disk -> delete(disk, name));
  }

  /** Removes one; what the machine writes to afterwards, where that is another image. */
  Optional<DiskSource> delete(SelectedDisk disk, String name) {
    return SnapshotStore.of(machine.monitor())
        .delete(disk, new SnapshotName(name), Deadline.after(PATIENCE));
  }

  /** The names of everything that a cut could leave on any of the storages. */
  List<String> everything() {
    List<String> names = new ArrayList<>();
    machine.files().forEach(file -> names.add(file.toString()));
    try {
      names.addAll(FileDisks.contents(btrfs.path(), DISK));
      names.addAll(FileDisks.contents(xfs.path(), DISK));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    names.addAll(array.volumes());
    return names;
  }

  @Override
  public void close() {
    // The machine before what it stands on.
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
