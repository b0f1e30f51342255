package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.Room;
import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutGroup;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.Abort;
import dev.stillpoint.qmp.qapi.Transaction;
import dev.stillpoint.qmp.qapi.TransactionAction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What QEMU cuts for several of its methods, in one {@code transaction}: all or none, and each disk
 * at rest from its turn to the end of all, so that it is one instant. What the transaction needs,
 * what became of it and how it is taken back is the affair of each method's own cut.
 */
final class TransactedCut implements Cut {
  /** Made early: a lambda that is met first in the hold is made in the hold. */
  private static final Function<Throwable, CutReport> FAILED = TransactedCut::failed;

  private final Monitor monitor;
  private final CutGroup parts;
  private final List<TransactionAction> actions;
  private final Transaction command;

  private volatile CompletableFuture<?> cutting = CompletableFuture.completedFuture(null);

  private TransactedCut(Monitor monitor, List<Cut> parts, List<TransactionAction> actions) {
    this.monitor = monitor;
    this.parts = new CutGroup(parts);
    this.actions = List.copyOf(actions);
    this.command = Transaction.of(this.actions);
  }

  /**
   * The cut of one method, made as that makes it until it is joined with another.
   *
   * @param actions those of a transaction that would make it
   */
  static TransactedCut of(Monitor monitor, Cut cut, List<TransactionAction> actions) {
    return new TransactedCut(monitor, List.of(cut), actions);
  }

  @Override
  public Optional<Cut> joinedWith(Cut other) {
    return switch (other) {
      case TransactedCut more when more.monitor.client() == monitor.client() ->
          Optional.of(joined(more));
      case QemuCut overlays -> joinedWith(overlays.transacted());
      default -> Optional.empty();
    };
  }

  private TransactedCut joined(TransactedCut more) {
    List<Cut> cuts = new ArrayList<>(parts.cuts());
    cuts.addAll(more.parts.cuts());
    List<TransactionAction> all = new ArrayList<>(actions);
    all.addAll(more.actions);
    return new TransactedCut(monitor, cuts, all);
  }

  @Override
  public List<CutDisk> disks() {
    return parts.disks();
  }

  @Override
  public List<String> notCovered() {
    return parts.notCovered();
  }

  @Override
  public List<String> warnings() {
    return parts.warnings();
  }

  @Override
  public boolean isOneInstant() {
    return parts.cuts().stream().allMatch(Cut::isOneInstant);
  }

  /** Actions come one after the other. */
  @Override
  public Duration expectedTime() {
    return parts.cuts().stream().map(Cut::expectedTime).reduce(Duration.ZERO, Duration::plus);
  }

  @Override
  public List<Inventory> inventory() {
    return parts.inventory();
  }

  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    return parts.reserve(deadline);
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    CompletionStage<Void> prepared = parts.prepare(deadline);
    return isJoined() ? prepared.thenCompose(done -> rehearsed(deadline)) : prepared;
  }

  /**
   * With the abort before everything: nothing is tried, which would leave snapshots behind in Ceph
   * (QEMU 7.2), but QEMU has read it all, and our own path is warm.
   */
  private CompletionStage<Void> rehearsed(Deadline deadline) {
    List<TransactionAction> rehearsal = new ArrayList<>();
    rehearsal.add(new TransactionAction.Abort(new Abort()));
    rehearsal.addAll(actions);
    return Worker.later(() -> {
      QemuCut.refusalOf(monitor, rehearsal, deadline)
          .ifPresent(refused -> {
            throw failed(ErrorCode.PREPARE_FAILED, refused);
          });
      return null;
    });
  }

  private static SnapshotException failed(ErrorCode code, CommandException.Refused refused) {
    String why = refused.description();
    return new SnapshotException(
        Failure.of(
            Room.isNone(why) ? ErrorCode.NO_SPACE : code, "QEMU refused transaction: " + why),
        refused);
  }

  private static CutReport failed(Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    throw cause instanceof CommandException.Refused refused
        ? failed(ErrorCode.CUT_FAILED, refused)
        : new CompletionException(cause);
  }

  private boolean isJoined() {
    return parts.cuts().size() > 1;
  }

  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
    if (!isJoined()) {
      return parts.cut(deadline);
    }
    CompletableFuture<CutReport> done =
        QemuCut.execute(monitor, command, deadline).exceptionally(FAILED);
    cutting = done;
    return done;
  }

  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
    return afterTheCut(deadline, () -> parts.settle(deadline));
  }

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    return afterTheCut(deadline, () -> parts.undo(deadline));
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
    return afterTheCut(deadline, () -> parts.clean(deadline));
  }

  /**
   * The parts do not know of a transaction that is under way; the answer says only that it ended.
   */
  private <T> CompletionStage<T> afterTheCut(Deadline deadline, Supplier<CompletionStage<T>> step) {
    return cutting
        .handle((value, thrown) -> true)
        .completeOnTimeout(false, deadline.remaining().toMillis(), TimeUnit.MILLISECONDS)
        .thenCompose(ended -> step.get());
  }
}
