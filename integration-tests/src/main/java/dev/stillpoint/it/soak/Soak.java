package dev.stillpoint.it.soak;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.BlockCommit;
import dev.stillpoint.qmp.qapi.BlockDeviceInfo;
import dev.stillpoint.qmp.qapi.BlockdevDel;
import dev.stillpoint.qmp.qapi.JobComplete;
import dev.stillpoint.qmp.qapi.JobDismiss;
import dev.stillpoint.qmp.qapi.JobInfo;
import dev.stillpoint.qmp.qapi.JobStatus;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.qmp.qapi.QueryNamedBlockNodes;
import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The soak as a program: {@code --rounds N} snapshots of one guest that writes, each committed back
 * into its images, through the library in this one process. Exit code 0 when what is used is flat,
 * 1 when something has grown or a round failed, 2 when it was not understood.
 */
public final class Soak {
  private static final int DEFAULT_ROUNDS = 500;

  /** The first look is after so many: threads are there and caches are filled. */
  private static final int BETWEEN_LOOKS = 50;

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String USAGE =
      "usage: ./verify soak [--rounds N]: snapshots and commits of one guest, 500 of each";

  private final Guest guest;
  private final QmpClient monitor;
  private final JournalDirectory journal;
  private final SnapshotEngine engine;

  private Soak(Guest guest, QmpClient monitor, QgaClient agent) {
    this.guest = guest;
    this.monitor = monitor;
    this.journal = JournalDirectory.in(guest.directory().resolve("state"));
    this.engine = SnapshotEngine.builder().monitor(monitor).agent(agent).journal(journal).build();
  }

  /** Runs the rounds. */
  public static void main(String[] args) {
    int rounds = DEFAULT_ROUNDS;
    try {
      if (args.length == 2 && args[0].equals("--rounds")) {
        rounds = Integer.parseInt(args[1]);
      } else if (args.length != 0) {
        throw new IllegalArgumentException(args[0]);
      }
    } catch (IllegalArgumentException e) {
      System.err.println(USAGE);
      System.exit(2);
    }
    int code = 1;
    try {
      code = run(rounds) ? 0 : 1;
    } catch (RuntimeException e) {
      System.out.println("soak: FAILED: " + e);
    }
    System.exit(code);
  }

  private static boolean run(int rounds) {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        QmpClient monitor = QmpClient.connect(Endpoint.unix(guest.qmp())).join();
        QgaClient agent = QgaClient.connect(Endpoint.unix(AgentSafety.require(guest))).join()) {
      return new Soak(guest, monitor, agent).soak(rounds);
    }
  }

  private boolean soak(int rounds) {
    System.out.println(Usage.HEADER);
    List<Usage> looks = new ArrayList<>();
    for (int round = 1; round <= rounds; round++) {
      turn(round);
      if (round % BETWEEN_LOOKS == 0 || round == rounds) {
        looks.add(Usage.now(round, guest, monitor, journal));
        System.out.println(looks.getLast().row());
      }
    }
    for (Path image : guest.images()) {
      HostCommand.run(guest.directory(), List.of("qemu-img", "check", "-U", image.toString()));
    }
    List<String> grown = looks.getLast().grownSince(looks.getFirst());
    grown.forEach(what -> System.out.println("soak: GROWN: " + what));
    System.out.printf(
        "soak: %d snapshots and commits of %d disks; %s%n",
        rounds, guest.images().size(), grown.isEmpty() ? "all is flat" : "NOT flat");
    return grown.isEmpty();
  }

  private void turn(int round) {
    SnapshotResult result =
        engine.start(SnapshotRequest.named("soak" + round)).result().toCompletableFuture().join();
    if (result.outcome() != Outcome.SUCCEEDED || result.consistency() != Consistency.FILESYSTEM) {
      throw new IllegalStateException("round " + round + ": " + result);
    }
    List<BlockDeviceInfo> before = monitor.execute(QueryNamedBlockNodes.of().withFlat(true)).join();
    for (int i = 0; i < result.disks().size(); i++) {
      commit(result.disks().get(i), "disk" + i, "soak" + i);
    }
    for (DiskSnapshot disk : result.disks()) {
      remove(disk, before);
    }
    guest.awaitNextAck(PATIENCE);
  }

  /** The active layer goes down into its base, and the machine goes on there. */
  private void commit(DiskSnapshot disk, String base, String job) {
    String overlay = disk.nodeName().orElseThrow();
    monitor
        .execute(
            BlockCommit.of(overlay)
                .withJobId(job)
                .withBaseNode(base)
                .withAutoFinalize(true)
                .withAutoDismiss(false))
        .join();
    awaitJob(job, JobStatus.READY);
    monitor.execute(new JobComplete(job)).join();
    JobInfo ended = awaitJob(job, JobStatus.CONCLUDED);
    if (ended.error() != null) {
      throw new IllegalStateException("the commit failed: " + ended);
    }
    monitor.execute(new JobDismiss(job)).join();
  }

  private JobInfo awaitJob(String job, JobStatus status) {
    var last = new ArrayList<JobInfo>();
    boolean reached =
        Deadline.in(PATIENCE)
            .await(() -> {
              last.clear();
              monitor.execute(new QueryJobs()).join().stream()
                  .filter(one -> one.id().equals(job))
                  .forEach(last::add);
              return last.stream()
                  .anyMatch(one -> one.status().equals(status) || one.error() != null);
            });
    if (!reached) {
      throw new IllegalStateException(job + " did not come to " + status + ": " + last);
    }
    return last.getFirst();
  }

  private void remove(DiskSnapshot disk, List<BlockDeviceInfo> nodes) {
    Path overlay = ((DiskSource.File) disk.modifiedDisk().orElseThrow()).path();
    monitor.execute(new BlockdevDel(disk.nodeName().orElseThrow())).join();
    for (BlockDeviceInfo node : nodes) {
      String name = node.nodeName();
      boolean protocol = overlay.toString().equals(node.file()) && "file".equals(node.drv());
      if (protocol && name != null) {
        monitor.execute(new BlockdevDel(name)).join();
      }
    }
    try {
      Files.delete(overlay);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
