package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.GuestDisk.Format;
import dev.stillpoint.testkit.guest.RemoteDisk;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * A storage array: a guest that owns the volume group {@code vg} with the thin pool {@code
 * vg/pool}, and serves volumes over NBD on free ports of this host's loopback. Host kernels that
 * tests run on often have no device mapper, and a real array is another machine in any case.
 *
 * <p>The product reaches it through {@link #agent} or {@link #startSsh}; the kit itself uses the
 * guest's shell, so that the agent's only place stays free. From one thread at a time.
 */
public final class ArrayGuest implements AutoCloseable {
  /** The volume group. */
  public static final String GROUP = "vg";

  /** The thin pool in it; 640 MiB. */
  public static final String POOL = "pool";

  private static final long SIZE = 2L << 30;
  private static final long DISK_SIZE = 32L << 20;
  private static final int FIRST_PORT = 10809;
  private static final int SSH_PORT = 22;
  private static final String NETWORK = "array";

  private static final GuestConfig CONFIG =
      GuestConfig.of(new GuestDisk(FileSystem.VOLUME_GROUP, Format.RAW, SIZE, OptionalLong.empty()))
          .withoutWriter()
          .withArguments(
              "-netdev", "user,id=" + NETWORK, "-device", "virtio-net-pci,netdev=" + NETWORK);

  private final Guest guest;
  private final Map<RemoteDisk, Integer> exports = new HashMap<>();
  private int nextPort = FIRST_PORT;

  private ArrayGuest(Guest guest) {
    this.guest = guest;
  }

  /**
   * A disk for another guest that is to be a volume here: small, as all of it crosses the network.
   */
  public static GuestDisk disk() {
    return new GuestDisk(FileSystem.EXT4, Format.RAW, DISK_SIZE, OptionalLong.empty());
  }

  /** An array of its own, with nothing but the pool in its group. */
  public static ArrayGuest start() {
    return new ArrayGuest(WarmGuest.start(CONFIG));
  }

  /** The host's end of its guest agent's channel. */
  public Path agent() {
    return guest.agent();
  }

  /** Starts its sshd, with fresh keys, on a port of this host's loopback. Once for each array. */
  public ArraySsh startSsh() {
    return ArraySsh.start(guest, forward(SSH_PORT));
  }

  /** The guest that it is. */
  public Guest guest() {
    return guest;
  }

  /** Runs a command line in its shell. */
  public String shell(String commandLine) {
    return guest.shell(commandLine);
  }

  /** Makes a classic volume. */
  public void createVolume(String name, long bytes) {
    shell("lvcreate -q -y -Wn -L %db -n %s %s".formatted(bytes, name, GROUP));
  }

  /** Makes a volume in the pool. */
  public void createThinVolume(String name, long bytes) {
    shell("lvcreate -q -y -Wn -V %db --thinpool %s -n %s %s".formatted(bytes, POOL, name, GROUP));
  }

  /** The names of all volumes and snapshots, without the pool's own. */
  public List<String> volumes() {
    return shell("lvs --noheadings -o lv_name " + GROUP)
        .lines()
        .map(String::strip)
        .filter(name -> !name.equals(POOL))
        .toList();
  }

  /** Removes all volumes and snapshots, and leaves the pool. */
  public void removeVolumes() {
    if (!volumes().isEmpty()) {
      shell("lvremove -q -f -y --select lv_name!=%s %s".formatted(POOL, GROUP));
    }
  }

  /** Serves a volume for reading and writing. */
  public RemoteDisk export(String name) {
    return export(name, "");
  }

  /** Serves a volume, or a snapshot, for reading. */
  public RemoteDisk exportReadOnly(String name) {
    return export(name, "--read-only");
  }

  private RemoteDisk export(String name, String option) {
    int inner = nextPort++;
    shell("export_volume /dev/%s/%s %s %d %s".formatted(GROUP, name, name, inner, option));
    var served = new RemoteDisk(forward(inner), name);
    exports.put(served, inner);
    return served;
  }

  /** Opens a free port of this host's loopback that leads to a port of the guest. */
  private int forward(int inner) {
    guest.console("hostfwd_add %s tcp:127.0.0.1:0-:%d".formatted(NETWORK, inner));
    return outerPort(inner);
  }

  private void unforward(int outer) {
    guest.console("hostfwd_remove %s tcp:127.0.0.1:%d".formatted(NETWORK, outer));
  }

  private int outerPort(int inner) {
    String listing = guest.console("info usernet");
    var line =
        Pattern.compile(
                "TCP\\[HOST_FORWARD] +\\d+ +127\\.0\\.0\\.1 +(\\d+) +\\S+ +%d ".formatted(inner))
            .matcher(listing);
    if (!line.find()) {
      throw new IllegalStateException("port " + inner + " is not forwarded: " + listing);
    }
    return Integer.parseInt(line.group(1));
  }

  /** Ends serving, and waits until the volume is not open any more. */
  public void unexport(RemoteDisk served) {
    Integer inner = exports.remove(served);
    if (inner == null) {
      throw new IllegalArgumentException(served + " is not served");
    }
    shell("unexport_volume " + inner);
    unforward(served.port());
  }

  /** Ends serving altogether. */
  public void unexportAll() {
    List.copyOf(exports.keySet()).forEach(this::unexport);
  }

  /** Puts what a raw image holds into what is served. */
  public void fill(RemoteDisk served, Path raw) {
    HostCommand.run(
        Path.of("/"),
        List.of(
            "qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", raw.toString(), served.uri()));
  }

  /** Copies what is served into a raw image. */
  public void copy(RemoteDisk served, Path raw) {
    HostCommand.run(
        Path.of("/"),
        List.of("qemu-img", "convert", "-f", "raw", "-O", "raw", served.uri(), raw.toString()));
  }

  /** For the disk of another guest: fills a volume and serves it. */
  public DiskPlace.Served placeOf(String name) {
    return image -> {
      RemoteDisk served = export(name);
      fill(served, image);
      return served;
    };
  }

  /** Ends it, and everything that it serves. */
  @Override
  public void close() {
    guest.close();
  }
}
