package dev.stillpoint.core.spi;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * One cut of a group of disks, from the check to the end. Methods return at once and are called one
 * after the other, with two exceptions: {@link #clean} may be called while {@link #reserve} or
 * {@link #prepare} is unfinished and then first lets it end, and {@link #settle} may be called
 * while {@link #cut} is unanswered and then first waits for the answer, both within their own
 * deadline.
 *
 * <p>A stage that fails carries a {@link dev.stillpoint.core.snapshot.SnapshotException}.
 */
public interface Cut {

  /**
   * This cut and that of another method as one, where a single command cuts the disks of both: all
   * of them or none, at one instant, such as a transaction of QEMU. Asked when all methods have
   * checked and before anything is made; from then on the caller asks the joined one only. Does not
   * block.
   *
   * @param other of the same operation, by a method that comes later in it
   * @return empty where each is to be made by itself
   */
  default Optional<Cut> joinedWith(Cut other) {
    return Optional.empty();
  }

  /** The disks that it will cut, and by what the guest may recognise them. */
  List<CutDisk> disks();

  /** Disks of the machine that it leaves out, in words. */
  List<String> notCovered();

  /** What the caller should know before it happens. */
  List<String> warnings();

  /**
   * Whether {@link #cut} cuts all its disks at one instant even while the machine runs. If not, the
   * machine is paused or its guest wholly frozen meanwhile, or the result has no consistency.
   */
  boolean isOneInstant();

  /**
   * How long {@link #cut} is likely to take, known from the check on; zero where it takes no time
   * to speak of. An operation whose window is shorter is refused before anything is frozen.
   */
  Duration expectedTime();

  /**
   * What this cut makes, disk by disk: planned from the check on, with the numbers of its files
   * once they are reserved, and without what {@link #clean} has removed. Does not block, and may be
   * called in every phase.
   */
  List<Inventory> inventory();

  /**
   * Makes every file that the cut needs, empty, so that it is known which they are before anything
   * is put into them. Never takes an existing one. What it made before a failure is removed by
   * {@link #clean}.
   */
  CompletionStage<Void> reserve(Deadline deadline);

  /**
   * Makes everything else that the cut needs, and rehearses it where that is possible. Never
   * overwrites. What it made before a failure is removed by {@link #clean}.
   */
  CompletionStage<Void> prepare(Deadline deadline);

  /**
   * Cuts all disks of the group, with at most one command to a hypervisor: at one instant where
   * {@link #isOneInstant} says so, else one after the other, as fast as the method can. Where it
   * fails, {@link #settle} finds out how many are cut, and {@link #undo} takes them back. Runs
   * while the guest is held: it does nothing that could be done before or after, and logs nothing.
   */
  CompletionStage<CutReport> cut(Deadline deadline);

  /** Finds out what really became of the cut, and reads back what it made. Asks only. */
  CompletionStage<Settlement> settle(Deadline deadline);

  /**
   * Takes back a cut that {@link #settle} found applied; the machine loses no write by it. Also
   * called where another method's cut of the same operation was applied and this one was not: then
   * it does nothing.
   */
  CompletionStage<Void> undo(Deadline deadline);

  /**
   * Removes whatever this object made and the machine does not use, and only that. Safe to call in
   * every phase and more than once.
   */
  CompletionStage<Void> clean(Deadline deadline);
}
