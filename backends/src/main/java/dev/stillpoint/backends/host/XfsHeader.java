package dev.stillpoint.backends.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The first sector of an xfs; only who may read the device sees it. */
public final class XfsHeader {
  private static final int BYTES = 512;
  private static final int VERSION = 100;
  private static final int READ_ONLY_FEATURES = 212;
  private static final int REFLINK = 1 << 2;

  private XfsHeader() {}

  /**
   * Whether its files can share blocks; empty where that cannot be read.
   *
   * @param source the device, as a mount names it
   */
  public static Optional<Boolean> reflink(String source) {
    if (!source.startsWith("/")) {
      return Optional.empty();
    }
    ByteBuffer sector = ByteBuffer.allocate(BYTES);
    try (FileChannel device = FileChannel.open(Path.of(source), StandardOpenOption.READ)) {
      if (device.read(sector, 0) < BYTES) {
        return Optional.empty();
      }
    } catch (IOException | InvalidPathException e) {
      return Optional.empty();
    }
    if (!new String(sector.array(), 0, 4, StandardCharsets.US_ASCII).equals("XFSB")) {
      return Optional.empty();
    }
    boolean hasFeatures = (sector.getShort(VERSION) & 0xf) == 5;
    return Optional.of(hasFeatures && (sector.getInt(READ_ONLY_FEATURES) & REFLINK) != 0);
  }
}
