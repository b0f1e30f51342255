package dev.stillpoint.core.spi;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A way to cut disks, such as overlays made by QEMU or snapshots of a storage. The unit is the
 * group: all disks that an operation cuts by this method are checked, prepared and cut together,
 * all or none.
 *
 * <p><b>Threads.</b> No method here or in {@link Cut} may block the calling thread, which is the
 * one that owes the thaw: work that waits is done on a thread of the implementation's own.
 * Operations on several machines may use one object at the same time.
 *
 * <p><b>Time.</b> Each stage must be complete by its deadline, with a failure if need be; what is
 * still under way then must be waited for by whoever is asked next ({@link Cut#settle}, {@link
 * Cut#clean}). A cut runs while a guest is frozen: whatever can be done before is done in {@link
 * Cut#prepare}, and how long it will take is said before by {@link Cut#expectedTime}.
 *
 * <p><b>Failure.</b> A stage that fails carries a {@link SnapshotException} that names the disk.
 *
 * <p><b>Idempotence.</b> Settling, undoing, cleaning, {@link #find}, {@link #discard} and {@link
 * #delete} may be called again after a failure, and go on where they stopped.
 *
 * <p><b>Names.</b> A snapshot that exists is never overwritten, and nothing is removed that is not
 * shown to be the operation's own, or named by the caller of {@link #delete}.
 */
public interface SnapshotMethod {

  /** The name by which a caller chooses it, such as {@code qemu}; an open set, not an enum. */
  String name();

  /** What it is like, whatever the disks. Does not ask anybody. */
  MethodTraits traits();

  /**
   * Looks, without changing anything, whether these disks can be cut.
   *
   * @return the cut to be; exceptionally with a {@link SnapshotException} that names the disk and
   *     the obstacle
   */
  CompletionStage<Cut> check(CutOrder order, Deadline deadline);

  /** The snapshots of a disk that this method keeps, oldest first where that is known. */
  default CompletionStage<List<StoredSnapshot>> list(LocatedDisk disk, Deadline deadline) {
    return cannot(disk, "list its snapshots");
  }

  /**
   * Brings a disk back to a snapshot. Everything that was written since is lost. The disk must be
   * in use by nobody; where that cannot be shown, the stage fails and nothing was changed. The
   * snapshot stays, and can be reverted to again.
   */
  default CompletionStage<Void> revert(LocatedDisk disk, SnapshotName name, Deadline deadline) {
    return cannot(disk, "revert a disk");
  }

  /**
   * Removes a snapshot, for ever. The disk may be in use, and keeps all its content.
   *
   * @return what the disk is written to from then on, where that is another than before, so that it
   *     has to be persisted; empty where the machine keeps its disk. Fails with {@link
   *     ErrorCode#NO_SUCH_SNAPSHOT} where the disk has none of that name, with {@link
   *     ErrorCode#DISK_IN_USE} where somebody reads the snapshot that the storage cannot keep for
   *     him
   */
  default CompletionStage<Optional<DiskSource>> delete(
      LocatedDisk disk, SnapshotName name, Deadline deadline) {
    return cannot(disk, "delete a snapshot");
  }

  /**
   * Looks what is there of what an operation was about to make that did not end. Asks only.
   *
   * @param disks from that operation's journal, all of this method
   */
  default CompletionStage<Remains> find(
      String operationId, List<Inventory> disks, Deadline deadline) {
    return CompletableFuture.failedFuture(
        new UnsupportedOperationException(name() + " cannot tell what an operation has left"));
  }

  /**
   * Removes all of it that {@link #find} calls present, what was only begun of the others, and
   * nothing else. The machine loses nothing by it.
   */
  default CompletionStage<Void> discard(
      String operationId, List<Inventory> disks, Deadline deadline) {
    return CompletableFuture.failedFuture(
        new UnsupportedOperationException(name() + " cannot remove what an operation has left"));
  }

  private <T> CompletionStage<T> cannot(LocatedDisk disk, String what) {
    return CompletableFuture.failedFuture(
        disk.refusal(ErrorCode.DISK_UNSUITABLE, "the method " + name() + " cannot " + what));
  }
}
