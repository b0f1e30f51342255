package dev.stillpoint.it.methods;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.testing.SnapshotMethodContract;
import dev.stillpoint.testkit.storage.ArrayGuest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/**
 * The contract over volumes of an array, which is another machine: the product reaches it through
 * its guest agent, this test looks at it through its shell.
 */
abstract class ArrayContract extends SnapshotMethodContract {
  /** One extent. */
  private static final long SIZE = 4L << 20;

  private static final int RECORD = 64;

  private static ArrayGuest array;
  private int disks;

  @BeforeAll
  static void startArray() {
    array = ArrayGuest.start();
  }

  @AfterAll
  static void endArray() {
    array.close();
  }

  @AfterEach
  void removeAll() {
    array.removeVolumes();
  }

  static ArrayGuest array() {
    return array;
  }

  /** Whether its disks are thin volumes. */
  abstract boolean isThin();

  /** The disk with what the method has to know of the volume. */
  abstract SelectedDisk selected(SelectedDisk disk, String volume);

  /** A volume of that name, whoever made it. */
  final LocatedDisk disk(String volume) {
    return new LocatedDisk(
        selected(SelectedDisk.named(volume), volume),
        new DiskSource.Remote("nbd://array/" + volume, "raw"),
        CutDisk.named(volume));
  }

  @Override
  protected LocatedDisk newDisk(String content) {
    String volume = "disk" + disks++;
    if (isThin()) {
      array.createThinVolume(volume, SIZE);
    } else {
      array.createVolume(volume, SIZE);
    }
    LocatedDisk disk = disk(volume);
    write(disk, content);
    return disk;
  }

  @Override
  protected LocatedDisk newUnservableDisk() {
    return disk(ArrayGuest.POOL);
  }

  @Override
  protected void write(LocatedDisk disk, String content) {
    byte[] record = Arrays.copyOf(content.getBytes(StandardCharsets.US_ASCII), RECORD);
    array.shell(
        "echo %s | base64 -d | dd of=/dev/vg/%s conv=fsync 2> /dev/null"
            .formatted(Base64.getEncoder().encodeToString(record), disk.name()));
  }

  @Override
  protected String read(LocatedDisk disk) {
    return beginning("/dev/vg/" + disk.name());
  }

  /** The place of a source on another machine ends with a blank and the path there. */
  @Override
  protected String readBackup(DiskSource source) {
    String address = source.address();
    return beginning(address.substring(address.lastIndexOf(' ') + 1));
  }

  private static String beginning(String device) {
    String text =
        array.shell("dd if=%s bs=%d count=1 2> /dev/null | base64".formatted(device, RECORD));
    byte[] record = Base64.getMimeDecoder().decode(text);
    return new String(record, StandardCharsets.US_ASCII).replace("\0", "");
  }

  @Override
  protected Set<String> contents() {
    var found = new TreeSet<String>();
    array
        .shell("lvs -a --noheadings -o lv_name,lv_uuid,lv_tags vg")
        .lines()
        .forEach(line -> found.add(line.strip()));
    return found;
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) {
    array.shell(
        "lvcreate -q -s %s -n %s.%s vg/%s"
            .formatted(isThin() ? "-kn" : "-l 2", disk.name(), name, disk.name()));
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) {
    String pid =
        array.shell("sleep 1000 < /dev/vg/%s > /dev/null 2>&1 & echo $!".formatted(disk.name()));
    return () ->
        array.shell(
            "kill "
                + pid.strip()
                + "; while [ -d /proc/"
                + pid.strip()
                + " ]; do usleep 10000; grep -q '^State:.Z' /proc/"
                + pid.strip()
                + "/status && break; done; true");
  }
}
