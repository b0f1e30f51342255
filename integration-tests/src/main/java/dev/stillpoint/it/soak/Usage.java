package dev.stillpoint.it.soak;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.qmp.qapi.QueryNamedBlockNodes;
import dev.stillpoint.testkit.guest.Guest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What is in use at one moment.
 *
 * @param round after which round
 * @param heapKiB what this process's heap holds after a full collection
 * @param rssKiB what this process has in memory
 * @param threads of this process
 * @param descriptors of this process
 * @param nodes that QEMU names
 * @param jobs that QEMU knows
 * @param qemuDescriptors of QEMU
 * @param files beside the images, the images included
 * @param journal operations that the journal holds
 */
record Usage(
    int round,
    long heapKiB,
    long rssKiB,
    int threads,
    int descriptors,
    int nodes,
    int jobs,
    int qemuDescriptors,
    int files,
    int journal) {
  static final String HEADER =
      "round   heap KiB   RSS KiB  threads  fds  nodes  jobs  fds of QEMU  files  journal";

  /** Pools keep a thread for a minute after its work. */
  private static final int THREADS_MARGIN = 2;

  /** What a heap after a full collection may differ by, for caches that fill late. */
  private static final long HEAP_MARGIN_KIB = 2048;

  /** The JVM gives memory back when it likes; a leak of 500 rounds is more than this. */
  private static final long RSS_MARGIN_KIB = 48 << 10;

  static Usage now(int round, Guest guest, QmpClient monitor, JournalDirectory journal) {
    // The first frees what the second finds unreachable, such as buffers that have cleaners.
    System.gc();
    System.gc();
    return new Usage(
        round,
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 10,
        rss(),
        ManagementFactory.getThreadMXBean().getThreadCount(),
        count(Path.of("/proc/self/fd")),
        monitor.execute(QueryNamedBlockNodes.of().withFlat(true)).join().size(),
        monitor.execute(new QueryJobs()).join().size(),
        count(Path.of("/proc", Long.toString(guest.pid()), "fd")),
        count(guest.directory()),
        journal.operations().size());
  }

  private static int count(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return (int) files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long rss() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String row() {
    return String.format(
        Locale.ROOT,
        "%5d   %8d  %8d  %7d  %3d  %5d  %4d  %11d  %5d  %7d",
        round,
        heapKiB,
        rssKiB,
        threads,
        descriptors,
        nodes,
        jobs,
        qemuDescriptors,
        files,
        journal);
  }

  /** What has grown against an earlier moment, in words; empty when all is flat. */
  List<String> grownSince(Usage before) {
    var grown = new ArrayList<String>();
    compare(grown, "threads", before.threads, threads, THREADS_MARGIN);
    compare(grown, "descriptors", before.descriptors, descriptors, 0);
    compare(grown, "nodes of QEMU", before.nodes, nodes, 0);
    compare(grown, "jobs of QEMU", before.jobs, jobs, 0);
    compare(grown, "descriptors of QEMU", before.qemuDescriptors, qemuDescriptors, 0);
    compare(grown, "files beside the images", before.files, files, 0);
    compare(grown, "operations in the journal", before.journal, journal, 0);
    compare(grown, "KiB of heap", before.heapKiB, heapKiB, HEAP_MARGIN_KIB);
    compare(grown, "KiB in memory", before.rssKiB, rssKiB, RSS_MARGIN_KIB);
    return List.copyOf(grown);
  }

  private static void compare(List<String> grown, String what, long before, long now, long margin) {
    if (now > before + margin) {
      grown.add("%s: %d, and %d after the first rounds".formatted(what, now, before));
    }
  }
}
