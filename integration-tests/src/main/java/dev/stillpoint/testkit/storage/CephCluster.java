package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostCommand.Result;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.UnpackedPackages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A Ceph cluster of one monitor and one OSD that keeps all in memory, without keys, in namespaces
 * of its own: its network is seen by nobody else. It has the pool {@code rbd}. Nothing is
 * installed: Debian's packages are unpacked, some 90 MB to download once, and 40 MB more for a
 * guest whose disk is one of its images. Needs root and Python 3.
 *
 * <p>{@link #close} kills it and deletes its directory; so does the end of the JVM, in whatever way
 * it comes.
 */
public final class CephCluster implements AutoCloseable {
  /** Seven seconds on a quiet machine. */
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private static final Path ANYWHERE = Path.of("/");

  /** Debian's own, for which its module is made. */
  private static final String PYTHON = "/usr/bin/python3";

  private static final String[] PACKAGES = {
    "ceph-mon", "ceph-osd", "ceph-base", "ceph-common", "python3-rados"
  };

  private final UnpackedPackages packages;
  private final Supervised daemons;
  private @Nullable RbdQemu qemu;

  private CephCluster(UnpackedPackages packages, Supervised daemons) {
    this.packages = packages;
    this.daemons = daemons;
  }

  /** A new cluster with an empty pool {@code rbd}. */
  public static CephCluster start() {
    UnpackedPackages packages =
        UnpackedPackages.of(PACKAGES).withLibraries("usr/lib/x86_64-linux-gnu/ceph");
    Supervised daemons =
        Supervised.start(
            "sp-ceph-",
            List.of("-n", "-p", "--mount-proc"),
            resource("ceph.sh"),
            packages.file("").toString(),
            HostTools.path(PYTHON),
            resource("ask.py"));
    var cluster = new CephCluster(packages, daemons);
    Path ready = daemons.directory().resolve("ready");
    var limit = Deadline.in(START_LIMIT);
    if (!limit.await(() -> Files.exists(ready) || !daemons.isAlive()) || !daemons.isAlive()) {
      String log = daemons.log();
      cluster.close();
      throw new IllegalStateException("Ceph did not start: " + log.strip());
    }
    return cluster;
  }

  private static String resource(String name) {
    try (InputStream in =
        Objects.requireNonNull(CephCluster.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The configuration by which programs reach it, from within its network. */
  public Path conf() {
    return daemons.directory().resolve("ceph.conf");
  }

  /** Runs {@code rbd}, which must end well. */
  public String rbd(String... arguments) {
    Result result = HostCommand.attempt(ANYWHERE, command("rbd", withConf(arguments)));
    if (result.status() != 0) {
      throw new UncheckedIOException(
          new IOException("rbd " + List.of(arguments) + ": " + result.output().strip()));
    }
    return result.output();
  }

  private List<String> withConf(String... arguments) {
    var all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--conf", conf().toString()));
    return all;
  }

  /** The words that start one of its programs, such as {@code rbd}, where the cluster is. */
  public List<String> command(String program, List<String> arguments) {
    var command = new ArrayList<>(daemons.beside("-m", "-n"));
    command.addAll(packages.command("usr/bin/" + program));
    command.addAll(arguments);
    return command;
  }

  /** Writes to the beginning of an image, past all caches. */
  public void write(String image, byte[] content) {
    var diff = new ByteArrayOutputStream();
    diff.writeBytes("rbd diff v1\n".getBytes(StandardCharsets.US_ASCII));
    ByteBuffer head = ByteBuffer.allocate(1 + 2 * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    head.put((byte) 'w').putLong(0).putLong(content.length);
    diff.writeBytes(head.array());
    diff.writeBytes(content);
    diff.write('e');
    try {
      Path file = Files.createTempFile(daemons.directory(), "diff", "");
      Files.write(file, diff.toByteArray());
      rbd("import-diff", "--no-progress", file.toString(), image);
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of an image, or of {@code image@snapshot}. */
  public byte[] read(String image) {
    try {
      Path file = daemons.directory().resolve("export");
      export(image, file);
      byte[] content = Files.readAllBytes(file);
      Files.delete(file);
      return content;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes all of an image, or of {@code image@snapshot}, into a new file. */
  public void export(String image, Path file) {
    rbd("export", "--no-progress", image, file.toString());
  }

  /**
   * The words that start the host's {@code qemu-system-x86_64}, {@code qemu-img} or {@code qemu-io}
   * where the cluster is, with the driver for it.
   */
  public List<String> qemu(List<String> command) {
    var words = new ArrayList<>(daemons.beside("-n"));
    words.addAll(qemu().command(command));
    return words;
  }

  private synchronized RbdQemu qemu() {
    if (qemu == null) {
      qemu = RbdQemu.in(daemons.directory().resolve("qemu"));
    }
    return qemu;
  }

  /**
   * A new image for the disk of a guest.
   *
   * @param image {@code pool/image} or {@code pool/namespace/image}
   */
  public DiskPlace placeOf(String image) {
    return new Place(image);
  }

  private final class Place implements DiskPlace.Private {
    private final String image;

    Place(String image) {
      this.image = image;
    }

    @Override
    public String holding(Path raw) {
      rbd("import", "--no-progress", raw.toString(), image);
      String[] names = image.split("/", -1);
      String namespace = names.length == 3 ? ",namespace=" + names[1] : "";
      return "driver=rbd,conf=%s,pool=%s,image=%s%s"
          .formatted(conf(), names[0], names[names.length - 1], namespace);
    }

    @Override
    public List<String> qemu(List<String> command) {
      return CephCluster.this.qemu(command);
    }
  }

  /** Has an image open, as a machine has, until it is closed. */
  public AutoCloseable open(String image) throws IOException {
    Process watch =
        new ProcessBuilder(command("rbd", withConf("watch", image)))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    var limit = Deadline.in(START_LIMIT);
    if (!limit.await(() -> rbd("status", image).contains("watcher="))) {
      watch.destroyForcibly();
      throw new IOException(image + " was not opened");
    }
    return () -> {
      watch.destroy();
      watch.waitFor();
      if (!limit.await(() -> !rbd("status", image).contains("watcher="))) {
        throw new IOException(image + " is still open");
      }
    };
  }

  /** Ends it, and waits until nothing of it is left. A second call does nothing. */
  @Override
  public void close() {
    daemons.close();
  }
}
