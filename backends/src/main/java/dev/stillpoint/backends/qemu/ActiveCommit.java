package dev.stillpoint.backends.qemu;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.command.BlockCommit;
import dev.stillpoint.qmp.command.JobComplete;
import dev.stillpoint.qmp.command.JobInfo;

/**
 * Takes one disk's cut back: what the guest wrote since goes down into the base, and the machine
 * goes on there. QEMU ends the job by itself once it was told to complete: a job that waits to be
 * finalized holds the disk's I/O, and if nobody came to do that, the guest would stand still.
 */
record ActiveCommit(Monitor monitor, String job, String overlayNode, String baseNode) {

  /** From the beginning to the end ({@code block-commit}, then as {@link #finish}). */
  void run(Deadline deadline) {
    monitor.ask(new BlockCommit(job, overlayNode, null, baseNode, true, false), deadline);
    finish(deadline);
  }

  /**
   * From wherever the job is to the end ({@code job-complete}, {@code job-dismiss}).
   *
   * @throws dev.stillpoint.core.snapshot.SnapshotException with what the job failed with
   */
  void finish(Deadline deadline) {
    JobInfo reached =
        monitor.awaitJob(job, s -> s.equals("ready") || s.equals("concluded"), deadline);
    if (reached.status().equals("ready")) {
      monitor.ask(new JobComplete(job), deadline);
    }
    monitor.conclude(job, deadline);
  }
}
