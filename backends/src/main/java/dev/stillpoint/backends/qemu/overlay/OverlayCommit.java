package dev.stillpoint.backends.qemu.overlay;

import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.qapi.BlockCommit;
import dev.stillpoint.qmp.qapi.JobComplete;
import dev.stillpoint.qmp.qapi.JobInfo;
import dev.stillpoint.qmp.qapi.JobStatus;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * What an overlay holds goes down into the image below it, and whoever read the overlay reads that:
 * the machine itself, where it writes to the overlay, or another overlay ({@code block-commit},
 * {@code job-complete}, {@code job-dismiss}). It may be taken up by anybody at any point of it:
 * what the job says is where it stands. QEMU ends the job by itself once it was told to complete:
 * one that waits to be finalized holds the disk's I/O, and if nobody came to do that, the guest
 * would stand still.
 *
 * @param root the node that the machine writes to: the overlay node, or one above it
 * @param baseName by what name an overlay above is to refer to the image below; QEMU's own may be
 *     good for this process only. Empty where the machine writes to the overlay
 * @param stop asked while waiting; the job itself goes on in QEMU
 */
public record OverlayCommit(
    Monitor monitor,
    String job,
    String root,
    String overlayNode,
    String baseNode,
    Optional<String> baseName,
    BooleanSupplier stop) {
  /** Where a job rests until it is told to go on, and where it ends. */
  private static final Set<JobStatus> RESTS = Set.of(JobStatus.READY, JobStatus.CONCLUDED);

  /** That of the overlay which the machine writes to. */
  public static OverlayCommit active(
      Monitor monitor, String job, String overlayNode, String baseNode, BooleanSupplier stop) {
    return new OverlayCommit(
        monitor, job, overlayNode, overlayNode, baseNode, Optional.empty(), stop);
  }

  /** Begins it; the machine must be writing to the root node, perhaps through filters. */
  public void begin(Deadline deadline) {
    var commit =
        BlockCommit.of(BlockGraph.read(monitor, deadline).topOf(root))
            .withJobId(job)
            .withTopNode(overlayNode)
            .withBaseNode(baseNode)
            .withBackingFile(baseName.orElse(null))
            .withAutoFinalize(true)
            .withAutoDismiss(false);
    monitor.ask(commit, deadline);
  }

  /** The job as it stands now; empty when there is none. */
  public Optional<JobInfo> now(Deadline deadline) {
    return monitor.job(job, deadline);
  }

  /** Leads a job that is there to its end, as {@link #lead}, and forgets it. */
  public void end(Deadline deadline) {
    lead(() -> {}, deadline);
    forget(deadline);
  }

  /**
   * Leads a job that is there to its end, where it stays until it is forgotten. Whether the machine
   * writes to the base again is for the graph to say.
   *
   * @param beforeTurning done just before the machine is told to write to the base
   * @throws SnapshotException when it does not get there in time, or is asked to stop on the way,
   *     with what it is; when it has failed, with what it failed with
   */
  public void lead(Runnable beforeTurning, Deadline deadline) {
    JobInfo rested = await(RESTS, deadline);
    if (rested.status().equals(JobStatus.READY)) {
      beforeTurning.run();
      monitor.ask(new JobComplete(job), deadline);
    }
    JobInfo ended = monitor.awaitJob(job, JobStatus.CONCLUDED::equals, deadline);
    if (ended.error() != null) {
      monitor.conclude(job, deadline);
    }
  }

  public void forget(Deadline deadline) {
    monitor.conclude(job, deadline);
  }

  private JobInfo await(Set<JobStatus> statuses, Deadline deadline) {
    JobInfo seen =
        monitor.awaitJob(job, status -> statuses.contains(status) || stop.getAsBoolean(), deadline);
    if (!statuses.contains(seen.status())) {
      throw new SnapshotException(
          Failure.of(
              ErrorCode.CANCELLED, "asked to stop while the job " + job + " is " + seen.status()));
    }
    return seen;
  }
}
