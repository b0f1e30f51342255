package dev.stillpoint.it.methods;

import dev.stillpoint.backends.zfs.ZfsProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.testing.SnapshotMethodContract;
import dev.stillpoint.testkit.storage.ZfsGuest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/**
 * The contract over an OpenZFS of another machine: the product reaches it through its guest agent,
 * this test looks at it through its shell.
 */
abstract class ZfsServerContract extends SnapshotMethodContract {
  private static final int RECORD = 64;

  private static ZfsGuest server;
  private int disks;

  @BeforeAll
  static void startServer() {
    server = ZfsGuest.start();
  }

  @AfterAll
  static void endServer() {
    server.close();
  }

  @AfterEach
  void removeAll() {
    server.removeAll();
  }

  static ZfsGuest server() {
    return server;
  }

  /** Makes the storage of a new disk. */
  abstract void create(String name);

  /** The disk with what the method has to know of it. */
  abstract SelectedDisk selected(SelectedDisk disk);

  /** Where a disk is found on the server. */
  abstract String path(String disk);

  @Override
  protected SnapshotMethod newMethod() {
    return new ZfsProvider().create(Services.none());
  }

  private LocatedDisk disk(String name) {
    SelectedDisk disk =
        SelectedDisk.named(name).withMethod("zfs").withOption("at", "qga:unix:" + server.agent());
    return new LocatedDisk(
        selected(disk), new DiskSource.Remote("nbd://server/" + name, "raw"), CutDisk.named(name));
  }

  @Override
  protected LocatedDisk newDisk(String content) {
    String name = "disk" + disks++;
    create(name);
    LocatedDisk disk = disk(name);
    write(disk, content);
    return disk;
  }

  @Override
  protected LocatedDisk newUnservableDisk() {
    return disk("nowhere");
  }

  @Override
  protected void write(LocatedDisk disk, String content) {
    byte[] record = Arrays.copyOf(content.getBytes(StandardCharsets.US_ASCII), RECORD);
    server.shell(
        "echo %s | base64 -d | dd of=%s conv=fsync,notrunc 2> /dev/null"
            .formatted(Base64.getEncoder().encodeToString(record), path(disk.name())));
  }

  @Override
  protected String read(LocatedDisk disk) {
    return beginning(path(disk.name()));
  }

  /** The place of a source on another machine ends with a blank and the path there. */
  @Override
  protected String readBackup(DiskSource source) {
    server.links();
    String address = source.address();
    return beginning(address.substring(address.lastIndexOf(' ') + 1));
  }

  private static String beginning(String path) {
    String text =
        server.shell("dd if=%s bs=%d count=1 2> /dev/null | base64".formatted(path, RECORD));
    byte[] record = Base64.getMimeDecoder().decode(text);
    return new String(record, StandardCharsets.US_ASCII).replace("\0", "");
  }

  @Override
  protected Set<String> contents() {
    return new TreeSet<>(server.contents());
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) {
    server.shell("zfs snapshot tank/%s@%s".formatted(disk.name(), name));
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) {
    String pid =
        server
            .shell("sleep 1000 < %s > /dev/null 2>&1 & echo $!".formatted(path(disk.name())))
            .strip();
    return () ->
        server.shell(
            "kill %1$s; while [ -d /proc/%1$s ] && ! grep -q '^State:.Z' /proc/%1$s/status; do usleep 10000; done"
                .formatted(pid));
  }
}
