package dev.stillpoint.backends.qemu.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

/**
 * A qcow2 with nothing in it, so that all is read from its backing file. Written here and not by
 * QEMU's {@code blockdev-create}: while that opens the new image, a {@code query-named-block-nodes}
 * on any monitor of the machine ends it on an assertion (seen with QEMU 7.2).
 *
 * @param virtualSize of the disk, in bytes, a multiple of 512
 * @param backingFile as QEMU is to open it
 */
public record EmptyQcow2(long virtualSize, String backingFile, String backingFormat) {
  private static final int VERSION = 3;
  private static final int CLUSTER_BITS = 16;
  private static final int CLUSTER = 1 << CLUSTER_BITS;

  /** References are counted in two bytes each. */
  private static final int REFCOUNT_ORDER = 4;

  private static final int HEADER_BYTES = 104;

  /** What one entry of the first table leads to: a cluster of entries for a cluster each. */
  private static final long BYTES_PER_L1_ENTRY = (long) CLUSTER / Long.BYTES * CLUSTER;

  /** QEMU opens no image that names a longer one, in bytes. */
  private static final int MAX_FORMAT = 15;

  private static final int REFCOUNT_TABLE_CLUSTER = 1;
  private static final int REFCOUNT_BLOCK_CLUSTER = 2;
  private static final int L1_CLUSTER = 3;

  /** QEMU opens no larger table: 32 MiB, for disks of up to 2 PiB. */
  private static final long MAX_L1_BYTES = 32L << 20;

  /**
   * Writes it, and waits until it is on the disk.
   *
   * @param file empty, and open for writing
   * @throws IOException also when the name of the backing file, its format, or the disk, is larger
   *     than a qcow2 can say
   */
  public void write(FileChannel file) throws IOException {
    if (file.size() != 0) {
      throw new IOException("the file that was made for it is not empty any more");
    }
    long l1Entries = (virtualSize + BYTES_PER_L1_ENTRY - 1) / BYTES_PER_L1_ENTRY;
    if (l1Entries * Long.BYTES > MAX_L1_BYTES) {
      throw new IOException("a disk of " + virtualSize + " bytes is too large for a qcow2");
    }
    int l1Clusters = (int) ((l1Entries * Long.BYTES + CLUSTER - 1) / CLUSTER);
    int clusters = L1_CLUSTER + l1Clusters;
    put(file, header((int) l1Entries), 0);
    ByteBuffer table = ByteBuffer.allocate(CLUSTER).putLong(at(REFCOUNT_BLOCK_CLUSTER));
    put(file, table, REFCOUNT_TABLE_CLUSTER);
    ByteBuffer references = ByteBuffer.allocate(CLUSTER);
    for (int i = 0; i < clusters; i++) {
      references.putShort((short) 1);
    }
    put(file, references, REFCOUNT_BLOCK_CLUSTER);
    // Written though all zeros: where no room is left, that is to be known now.
    for (int i = L1_CLUSTER; i < clusters; i++) {
      put(file, ByteBuffer.allocate(CLUSTER), i);
    }
    file.force(true);
  }

  private static long at(int cluster) {
    return (long) cluster << CLUSTER_BITS;
  }

  private ByteBuffer header(int l1Entries) throws IOException {
    byte[] name = backingFile.getBytes(StandardCharsets.UTF_8);
    if (name.length > Qcow2Header.MAX_NAME) {
      throw new IOException(
          "the name of its backing file has "
              + name.length
              + " bytes, and a qcow2 can say "
              + Qcow2Header.MAX_NAME);
    }
    byte[] format = backingFormat.getBytes(StandardCharsets.UTF_8);
    if (format.length > MAX_FORMAT) {
      throw new IOException(
          "'" + backingFormat + "' is no format that QEMU knows for a backing file");
    }
    ByteBuffer header = ByteBuffer.allocate(CLUSTER);
    header.position(HEADER_BYTES);
    header.putInt(Qcow2Header.BACKING_FORMAT_EXTENSION).putInt(format.length).put(format);
    header.position((header.position() + 7) & ~7);
    // The end of the extensions.
    header.putLong(0);
    int nameOffset = header.position();
    header.put(name);
    header.putInt(0, Qcow2Header.MAGIC).putInt(4, VERSION);
    header.putLong(8, nameOffset).putInt(16, name.length);
    header.putInt(20, CLUSTER_BITS).putLong(24, virtualSize);
    header.putInt(36, l1Entries).putLong(40, at(L1_CLUSTER));
    header.putLong(48, at(REFCOUNT_TABLE_CLUSTER)).putInt(56, 1);
    return header.putInt(96, REFCOUNT_ORDER).putInt(100, HEADER_BYTES);
  }

  /** A whole cluster. */
  private static void put(FileChannel file, ByteBuffer bytes, int cluster) throws IOException {
    bytes.clear();
    while (bytes.hasRemaining()) {
      file.write(bytes, at(cluster) + bytes.position());
    }
  }
}
