package dev.stillpoint.it.bench;

import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.QueryVersion;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** One process with a connection to each of very many monitors, served by one event loop. */
final class ManyMonitors {
  private static final int OF_ONE_DAEMON = 250;
  private static final int ROUNDS = 20;

  private ManyMonitors() {}

  static void run(int monitors) {
    List<AutoCloseable> open = new ArrayList<>();
    try {
      List<Endpoint> endpoints = new ArrayList<>();
      while (endpoints.size() < monitors) {
        open.add(daemon(Math.min(OF_ONE_DAEMON, monitors - endpoints.size()), endpoints));
      }
      // Classes, threads and pools are there before the first look.
      try (QmpClient first = QmpClient.connect(endpoints.get(0)).join()) {
        first.execute(new QueryVersion()).join();
      }
      long heapBefore = heap();
      int threadsBefore = ManagementFactory.getThreadMXBean().getThreadCount();
      List<QmpClient> clients = new ArrayList<>();
      long began = System.nanoTime();
      for (Endpoint endpoint : endpoints) {
        clients.add(QmpClient.connect(endpoint).join());
      }
      open.addAll(0, clients);
      int threadsConnected = ManagementFactory.getThreadMXBean().getThreadCount();
      long connected = System.nanoTime();
      for (int round = 0; round < ROUNDS; round++) {
        askAll(clients);
      }
      long asked = System.nanoTime();
      int threadsPeak = ManagementFactory.getThreadMXBean().getPeakThreadCount();
      long held = heap() - heapBefore;
      System.out.printf(
          Locale.ROOT,
          "monitors: %d connections, %.1f KiB of heap each after a full collection; threads: %d"
              + " before, %d with all connected, %d at the most, of them %d event loops%n",
          clients.size(),
          held / 1024.0 / clients.size(),
          threadsBefore,
          threadsConnected,
          threadsPeak,
          eventLoops());
      System.out.printf(
          Locale.ROOT,
          "monitors: connected one by one in %.0f ms; a command to all at once and all answered in"
              + " %.1f ms (mean of %d)%n",
          (connected - began) / 1e6,
          (asked - connected) / 1e6 / ROUNDS,
          ROUNDS);
    } finally {
      open.forEach(ManyMonitors::close);
    }
  }

  private static void askAll(List<QmpClient> clients) {
    CompletableFuture.allOf(
            clients.stream()
                .map(client -> client.execute(new QueryVersion()))
                .toArray(CompletableFuture<?>[]::new))
        .join();
  }

  private static QemuProcess daemon(int monitors, List<Endpoint> endpoints) {
    List<String> arguments = new ArrayList<>();
    for (int i = 1; i < monitors; i++) {
      arguments.add("--chardev");
      arguments.add("socket,id=m%d,path=m%d.sock,server=on,wait=off".formatted(i, i));
      arguments.add("--monitor");
      arguments.add("chardev=m%d,id=monitor%d".formatted(i, i));
    }
    QemuProcess daemon = QemuProcess.storageDaemon(arguments.toArray(String[]::new));
    endpoints.add(Endpoint.unix(daemon.qmp()));
    for (int i = 1; i < monitors; i++) {
      endpoints.add(Endpoint.unix(daemon.directory().resolve("m" + i + ".sock")));
    }
    return daemon;
  }

  private static long eventLoops() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("stillpoint-unix"))
        .count();
  }

  private static long heap() {
    // The first frees what the second finds unreachable, such as buffers that have cleaners.
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void close(AutoCloseable one) {
    try {
      one.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
