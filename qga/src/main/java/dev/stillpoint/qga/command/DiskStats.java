package dev.stillpoint.qga.command;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** The counters of one disk. */
public record DiskStats(String name, long major, long minor, Counters stats) {

  /**
   * What it counted, unsigned; null where the kernel does not count it. Sectors are 512 bytes,
   * ticks milliseconds.
   *
   * @param iosPgr requests in flight now
   * @param weightTicks milliseconds, times the requests in flight
   */
  public record Counters(
      @Nullable BigInteger readSectors,
      @Nullable BigInteger readIos,
      @Nullable BigInteger readMerges,
      @Nullable BigInteger writeSectors,
      @Nullable BigInteger writeIos,
      @Nullable BigInteger writeMerges,
      @Nullable BigInteger discardSectors,
      @Nullable BigInteger discardIos,
      @Nullable BigInteger discardMerges,
      @Nullable BigInteger flushIos,
      @Nullable BigInteger readTicks,
      @Nullable BigInteger writeTicks,
      @Nullable BigInteger discardTicks,
      @Nullable BigInteger flushTicks,
      @Nullable BigInteger iosPgr,
      @Nullable BigInteger totalTicks,
      @Nullable BigInteger weightTicks) {}
}
