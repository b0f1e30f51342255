package dev.stillpoint.it.bench;

import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.qapi.StatusInfo;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/**
 * {@code query-status}, one after the other, of one QEMU with two monitors: blocks of ours and of
 * the C client's by turns, so that what else the machine does hits both.
 */
final class RoundTrip {
  private static final int BLOCKS = 40;
  private static final int BLOCK = 500;
  private static final int WARM_UP = 20_000;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private RoundTrip() {}

  static void run() {
    if (!CClient.isPossible()) {
      System.out.println("round trip: there is no gcc here, so nothing to compare with");
      return;
    }
    Path second = Path.of("second.sock");
    try (QemuProcess qemu =
            QemuProcess.machineNone("-qmp", "unix:" + second + ",server=on,wait=off");
        QmpClient ours = QmpClient.connect(Endpoint.unix(qemu.qmp())).join();
        CClient plain = CClient.start(qemu.directory(), qemu.directory().resolve(second))) {
      ask(ours, WARM_UP);
      plain.ask(BLOCK);
      long[][] caller = new long[BLOCKS][];
      long[][] wire = new long[BLOCKS][];
      long[][] c = new long[BLOCKS][];
      for (int block = 0; block < BLOCKS; block++) {
        long[][] both = ask(ours, BLOCK);
        caller[block] = both[0];
        wire[block] = both[1];
        c[block] = plain.ask(BLOCK);
      }
      report("C client, write to read", c, c);
      report("ours, call to return (join)", caller, c);
      report("ours, sent to received", wire, c);
    }
  }

  /** What the caller waits, and what of it lies between the write and the reply's arrival. */
  private static long[][] ask(QmpClient client, int rounds) {
    long[][] took = new long[2][rounds];
    for (int i = 0; i < rounds; i++) {
      long began = System.nanoTime();
      Timed<StatusInfo> reply = client.executeTimed(new QueryStatus(), TIMEOUT).join();
      took[0][i] = System.nanoTime() - began;
      took[1][i] = reply.receivedNanos() - reply.sentNanos();
    }
    return took;
  }

  private static void report(String who, long[][] blocks, long[][] against) {
    double[] ratios = new double[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      ratios[i] = (double) at(0.5, blocks[i]) / at(0.5, against[i]);
    }
    Arrays.sort(ratios);
    long[] all = Arrays.stream(blocks).flatMapToLong(Arrays::stream).toArray();
    long[] others = Arrays.stream(against).flatMapToLong(Arrays::stream).toArray();
    System.out.printf(
        Locale.ROOT,
        "round trip: %-28s p50 %6.1f us  p90 %6.1f us  ratio of p50 %.2f (of blocks: %.2f to %.2f,"
            + " median %.2f)%n",
        who,
        at(0.5, all) / 1e3,
        at(0.9, all) / 1e3,
        (double) at(0.5, all) / at(0.5, others),
        ratios[BLOCKS / 10],
        ratios[BLOCKS - 1 - BLOCKS / 10],
        ratios[BLOCKS / 2]);
  }

  private static long at(double share, long[] took) {
    long[] sorted = took.clone();
    Arrays.sort(sorted);
    return sorted[(int) (share * (sorted.length - 1))];
  }
}
