package dev.stillpoint.it.methods;

import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.zfs.ZfsProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.storage.ZfsFusePool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;

/** Raw images in datasets of a pool, and the method over it. */
final class ZfsDisks {
  private static final int LENGTH = 1 << 20;
  private static final int HEAD = 64;

  private final ZfsFusePool pool;
  private static final AtomicInteger MADE = new AtomicInteger();

  ZfsDisks(ZfsFusePool pool) {
    this.pool = pool;
  }

  SnapshotMethod method() {
    return method(KitPrograms.of(pool));
  }

  static SnapshotMethod method(Programs programs) {
    return new ZfsProvider().create(Services.none().with(Programs.class, programs));
  }

  /** A disk that is alone in a new dataset. */
  LocatedDisk newDisk(String content) throws IOException {
    return disk(pool.createDataset("vm" + MADE.incrementAndGet()).resolve("disk.raw"), content);
  }

  static LocatedDisk disk(Path file, String content) throws IOException {
    Files.write(file, new byte[LENGTH]);
    write(file, content);
    return disk(file);
  }

  static LocatedDisk disk(Path file) {
    String name = file.toString();
    return new LocatedDisk(
        SelectedDisk.named(name).withMethod("zfs"),
        new DiskSource.File(file, "raw"),
        CutDisk.named(name));
  }

  static Path file(LocatedDisk disk) {
    return ((DiskSource.File) disk.source()).path();
  }

  static void write(Path file, String content) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      byte[] head = new byte[HEAD];
      byte[] text = content.getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(text, 0, head, 0, text.length);
      channel.write(ByteBuffer.wrap(head), 0);
    }
  }

  static String read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer head = ByteBuffer.allocate(HEAD);
      channel.read(head, 0);
      return new String(head.array(), StandardCharsets.US_ASCII).replace("\0", "");
    }
  }

  /** What is done with a file of a backup. */
  @FunctionalInterface
  interface Reading<T> {
    T of(Path file) throws Exception;
  }

  String readBackup(DiskSource source) throws Exception {
    return inBackup(source, ZfsDisks::read);
  }

  /** Opens {@code zfs:pool/dataset@name:/path} through a clone, which goes again. */
  <T> T inBackup(DiskSource source, Reading<T> reading) throws Exception {
    String address = ((DiskSource.Remote) source).address();
    int colon = address.indexOf(':', address.indexOf('@'));
    String snapshot = address.substring("zfs:".length(), colon);
    String clone = "clone" + MADE.incrementAndGet();
    Path where = pool.cloned(snapshot, clone);
    try {
      return reading.of(where.resolve(address.substring(colon + 2)));
    } finally {
      pool.destroyClone(clone);
    }
  }
}
