package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.GuestDisk.Format;
import dev.stillpoint.testkit.guest.RemoteDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * A guest that owns a storage and serves volumes of it over NBD on free ports of this host's
 * loopback. Host kernels that tests run on often lack what the storage needs, and a real one is
 * another machine in any case.
 *
 * <p>The product reaches it through {@link #agent} or {@link #startSsh}; the kit itself uses the
 * guest's shell, so that the agent's only place stays free. From one thread at a time.
 */
public abstract sealed class StorageGuest implements AutoCloseable permits ArrayGuest, ZfsGuest {
  private static final long DISK_SIZE = 32L << 20;
  private static final int FIRST_PORT = 10809;
  private static final int SSH_PORT = 22;
  private static final String NETWORK = "array";

  private final Guest guest;
  private final Map<RemoteDisk, Integer> exports = new HashMap<>();
  private int nextPort = FIRST_PORT;

  StorageGuest(Guest guest) {
    this.guest = guest;
  }

  /**
   * A guest whose one disk is the storage.
   *
   * @param more arguments of QEMU
   */
  static GuestConfig config(FileSystem storage, long size, String... more) {
    var arguments =
        new ArrayList<>(
            List.of(
                "-netdev", "user,id=" + NETWORK, "-device", "virtio-net-pci,netdev=" + NETWORK));
    arguments.addAll(List.of(more));
    return GuestConfig.of(new GuestDisk(storage, Format.RAW, size, OptionalLong.empty()))
        .withoutWriter()
        .withArguments(arguments.toArray(String[]::new));
  }

  /**
   * A disk for another guest that is to be a volume here: small, as all of it crosses the network.
   */
  public static GuestDisk disk() {
    return new GuestDisk(FileSystem.EXT4, Format.RAW, DISK_SIZE, OptionalLong.empty());
  }

  /** Where a volume, or a snapshot, is found in the guest. */
  abstract String device(String name);

  /** The host's end of its guest agent's channel. */
  public Path agent() {
    return guest.agent();
  }

  /** Starts its sshd, with fresh keys, on a port of this host's loopback. Once for each. */
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
    shell("export_volume %s %s %d %s".formatted(device(name), name, inner, option));
    var served = new RemoteDisk(forward(inner), name);
    exports.put(served, inner);
    return served;
  }

  /** Opens a free port of this host's loopback that leads to a port of the guest. */
  private int forward(int inner) {
    guest.console("hostfwd_add %s tcp:127.0.0.1:0-:%d".formatted(NETWORK, inner));
    return outerPort(inner);
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
    guest.console("hostfwd_remove %s tcp:127.0.0.1:%d".formatted(NETWORK, served.port()));
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
