package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.address.ToldName;
import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.backends.qemu.overlay.OverlayCommit;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.Abort;
import dev.stillpoint.qmp.qapi.QueryBlockJobs;
import dev.stillpoint.qmp.qapi.Transaction;
import dev.stillpoint.qmp.qapi.TransactionAction;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** One cut of a machine's disks by overlays, from the reservation of the files to the end. */
final class QemuCut implements Cut {
  /** The one text by which a rehearsal tells that all would have gone well. */
  private static final String REHEARSED = "Transaction aborted using Abort action";

  private final Monitor monitor;
  private final List<Overlay> overlays;
  private final List<CutDisk> disks;
  private final List<String> warnings;
  private final OverlayMaker maker;
  private final QmpCommand<Void> command;

  private volatile CompletableFuture<Void> preparing = CompletableFuture.completedFuture(null);
  private volatile CompletableFuture<CutReport> cutting =
      CompletableFuture.failedFuture(new IllegalStateException("not cut"));
  private volatile boolean inUse;

  QemuCut(
      Monitor monitor,
      List<Overlay> overlays,
      List<CutDisk> disks,
      List<String> warnings,
      boolean passFiles) {
    this.monitor = monitor;
    this.overlays = List.copyOf(overlays);
    this.disks = List.copyOf(disks);
    this.warnings = List.copyOf(warnings);
    this.maker = new OverlayMaker(monitor, this.overlays, passFiles);
    this.command = command();
  }

  /** A single disk of the sync ways is cut by the command alone, all else in a transaction. */
  private QmpCommand<Void> command() {
    Overlay first = overlays.get(0);
    return overlays.size() == 1 && first.way() != QemuWay.PREPARED
        ? first.snapshotSync()
        : Transaction.of(actions());
  }

  private List<TransactionAction> actions() {
    return overlays.stream().map(Overlay::action).toList();
  }

  @Override
  public Optional<Cut> joinedWith(Cut other) {
    return other instanceof TransactedCut ? transacted().joinedWith(other) : Optional.empty();
  }

  /** This cut as a part of a larger transaction. */
  TransactedCut transacted() {
    return TransactedCut.of(monitor, this, actions());
  }

  @Override
  public List<CutDisk> disks() {
    return disks;
  }

  @Override
  public List<String> notCovered() {
    return List.of();
  }

  @Override
  public List<String> warnings() {
    return warnings;
  }

  @Override
  public boolean isOneInstant() {
    return true;
  }

  @Override
  public Duration expectedTime() {
    return Duration.ZERO;
  }

  @Override
  public List<Inventory> inventory() {
    return overlays.stream().map(maker::inventory).toList();
  }

  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    preparing =
        Worker.later(() -> {
          maker.reserve();
          return null;
        });
    return preparing;
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    preparing =
        Worker.later(() -> {
          maker.make(deadline);
          rehearse(deadline);
          return null;
        });
    return preparing;
  }

  /** The very transaction with an abort at its end: proves it, flushes, and warms our own path. */
  private void rehearse(Deadline deadline) {
    List<TransactionAction> rehearsal = new ArrayList<>(actions());
    rehearsal.add(new TransactionAction.Abort(new Abort()));
    refusalOf(monitor, rehearsal, deadline)
        .ifPresent(refused -> {
          throw rehearsalFailed(refused, deadline);
        });
  }

  /**
   * Runs a transaction that has an abort in it.
   *
   * @return why QEMU refused it, where that is not the abort
   */
  static Optional<CommandException.Refused> refusalOf(
      Monitor monitor, List<TransactionAction> rehearsal, Deadline deadline) {
    try {
      execute(monitor, Transaction.of(rehearsal), deadline).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof CommandException.Refused refused) {
        return refused.description().equals(REHEARSED) ? Optional.empty() : Optional.of(refused);
      }
      throw e;
    }
    throw new SnapshotException(
        Failure.of(ErrorCode.INTERNAL, "the rehearsal of the cut did not abort"));
  }

  /** A block job is the usual reason; QEMU does not tell on which disk it works. */
  private SnapshotException rehearsalFailed(CommandException.Refused refused, Deadline deadline) {
    List<String> jobs =
        monitor.ask(new QueryBlockJobs(), deadline).stream()
            .map(job -> "'" + job.device() + "' (" + job.type() + ")")
            .toList();
    String told = "the rehearsal of the cut failed: " + refused.description();
    return new SnapshotException(
        jobs.isEmpty()
            ? Failure.of(ErrorCode.PREPARE_FAILED, told)
            : Failure.of(
                ErrorCode.DISK_UNSUITABLE,
                told + "; a block job is running: " + String.join(", ", jobs)),
        refused);
  }

  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
    cutting = execute(monitor, command, deadline);
    return cutting;
  }

  /** The way of the cut, which the rehearsal goes too, so that nothing on it is new in the hold. */
  static CompletableFuture<CutReport> execute(
      Monitor monitor, QmpCommand<Void> one, Deadline deadline) {
    Instant from = Instant.now();
    return monitor
        .client()
        .executeTimed(one, deadline.remaining())
        .thenApply(reply -> report(from, reply));
  }

  private static CutReport report(Instant from, Timed<Void> reply) {
    long took = reply.receivedNanos() - reply.sentNanos();
    return new CutReport(new PointInTime(from, from.plusNanos(took)), 1);
  }

  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
    return Worker.later(() -> settleNow(deadline));
  }

  /** Commands run in order: once the graph is told, an earlier cut has ended, answered or not. */
  private Settlement settleNow(Deadline deadline) {
    awaitQuietly(cutting, deadline);
    List<DiskSnapshot> results = overlays.stream().map(Overlay::result).toList();
    BlockGraph graph;
    try {
      graph = BlockGraph.read(monitor, deadline);
    } catch (CommandException e) {
      // Whoever saves the machine needs both images, and the overlays may hold what it wrote last.
      inUse = true;
      return new Settlement(
          Settlement.State.UNKNOWN,
          results,
          List.of(
              "QEMU does not tell whether its disks are cut; the overlays are kept, because it may"
                  + " have written to them: "
                  + e.getMessage()));
    }
    long cut = overlays.stream().filter(overlay -> isActive(overlay, graph)).count();
    if (cut == 0) {
      return new Settlement(Settlement.State.NOT_APPLIED, List.of(), List.of());
    }
    inUse = true;
    if (cut < overlays.size()) {
      return new Settlement(
          Settlement.State.UNKNOWN,
          results,
          List.of("only " + cut + " of " + overlays.size() + " disks write to their overlays"));
    }
    return new Settlement(Settlement.State.APPLIED, results, headerFindings());
  }

  private static boolean isActive(Overlay overlay, BlockGraph graph) {
    return graph.isUsed(overlay.overlayNode());
  }

  private List<String> headerFindings() {
    List<String> findings = new ArrayList<>();
    for (Overlay overlay : overlays) {
      try {
        Qcow2Header header = Qcow2Header.read(overlay.path());
        boolean right =
            header.backingFile().filter(overlay.disk().fileName()::equals).isPresent()
                && header.backingFormat().filter(overlay.disk().format()::equals).isPresent();
        if (!right) {
          findings.add(
              overlay.path()
                  + " does not name its backing file, but "
                  + header.backingFile().map(ToldName::of).orElse("none"));
        }
      } catch (IOException e) {
        findings.add("the header of " + overlay.path() + " cannot be read: " + e.getMessage());
      }
    }
    return findings;
  }

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    return Worker.later(() -> {
      for (Overlay overlay : overlays) {
        commitBack(overlay, deadline);
      }
      inUse = false;
      return null;
    });
  }

  /** Active commit and pivot: what the guest wrote since goes down into the base. */
  private void commitBack(Overlay overlay, Deadline deadline) {
    try {
      if (isActive(overlay, BlockGraph.read(monitor, deadline))) {
        OverlayCommit commit = overlay.commit(monitor);
        commit.begin(deadline);
        commit.end(deadline);
      }
    } catch (RuntimeException e) {
      String base = overlay.disk().source().address();
      throw new SnapshotException(
          Failure.ofDisk(
              ErrorCode.UNDO_FAILED,
              "the machine may still write to "
                  + overlay.path()
                  + " over "
                  + base
                  + ": "
                  + SnapshotException.failureOf(e, ErrorCode.UNDO_FAILED).message(),
              overlay.name()),
          e);
    }
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
    return Worker.later(() -> {
      awaitQuietly(preparing, deadline);
      if (!inUse) {
        maker.remove(deadline);
      }
      return null;
    });
  }

  /** Waits for somebody's end, however it ended: who asked for it has been told. */
  private static void awaitQuietly(CompletableFuture<?> future, Deadline deadline) {
    CompletableFuture<Void> ended = future.handle((value, thrown) -> null);
    ended.completeOnTimeout(null, deadline.remaining().toMillis(), TimeUnit.MILLISECONDS).join();
  }
}
