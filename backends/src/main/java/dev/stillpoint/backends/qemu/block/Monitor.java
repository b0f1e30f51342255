package dev.stillpoint.backends.qemu.block;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.JobCancel;
import dev.stillpoint.qmp.qapi.JobDismiss;
import dev.stillpoint.qmp.qapi.JobInfo;
import dev.stillpoint.qmp.qapi.JobStatus;
import dev.stillpoint.qmp.qapi.QueryJobs;
import java.io.FileDescriptor;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * A monitor as the steps before and after the hold use it: one question after the other, each
 * waited for, on a worker thread. The cut itself does not go through here.
 */
public final class Monitor {
  /** How long to wait for an event before asking for a job's state again. */
  private static final Duration JOB_POLL = Duration.ofMillis(100);

  /** A command fails a moment before its connection is known to have ended. */
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  private static final Duration FAREWELL_STEP = Duration.ofMillis(10);

  private final QmpClient client;
  private final Optional<ProcessIdentity> qemu;

  public Monitor(QmpClient client) {
    this.client = client;
    OptionalLong pid = client.peerPid();
    // Asked for now: a connection that has ended does not tell any more.
    this.qemu = pid.isPresent() ? ProcessIdentity.ofQemu(pid.getAsLong()) : Optional.empty();
  }

  public QmpClient client() {
    return client;
  }

  /** The process, where it serves the connection itself and is a QEMU. */
  public Optional<ProcessIdentity> qemu() {
    return qemu;
  }

  /** Asks and waits; throws the command's own exception. */
  public <R> R ask(QmpCommand<R> command, Deadline deadline) {
    return answer(client.execute(command, atLeast(deadline)));
  }

  /** The same with an open file. */
  public <R> R ask(QmpCommand<R> command, FileDescriptor file, Deadline deadline) {
    return answer(client.executeWithDescriptor(command, file, atLeast(deadline)));
  }

  /** Whether open files can go with a command; what stands behind a unix socket may lose them. */
  public boolean canPassFiles() {
    return client.endpoint() instanceof Endpoint.Unix;
  }

  private static <R> R answer(CompletableFuture<R> reply) {
    try {
      return reply.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** A passed deadline still lets the command be sent and answered at once. */
  private static Duration atLeast(Deadline deadline) {
    Duration left = deadline.remaining();
    return left.compareTo(JOB_POLL) < 0 ? JOB_POLL : left;
  }

  /**
   * Whether the machine has ended: its QEMU serves this connection itself, and runs no more. A
   * connection that was lost says nothing of the machine. Waits a little for either end.
   */
  public boolean isGone() {
    client
        .closed()
        .toCompletableFuture()
        .completeOnTimeout(null, FAREWELL.toMillis(), TimeUnit.MILLISECONDS)
        .join();
    if (client.isOpen() || qemu.isEmpty()) {
      return false;
    }
    Deadline farewell = Deadline.after(FAREWELL);
    while (qemu.get().isAlive() && !farewell.remaining().isZero()) {
      LockSupport.parkNanos(FAREWELL_STEP.toNanos());
    }
    return !qemu.get().isAlive();
  }

  public QmpSchema schema(Deadline deadline) {
    ObjectNode none = JsonNodeFactory.instance.objectNode();
    return QmpSchema.shared(answer(client.execute("query-qmp-schema", none, atLeast(deadline))));
  }

  public Optional<JobInfo> job(String id, Deadline deadline) {
    return ask(new QueryJobs(), deadline).stream().filter(job -> job.id().equals(id)).findFirst();
  }

  /**
   * Waits until a job's status satisfies, told by {@code JOB_STATUS_CHANGE} and asked for besides,
   * because reply and event come in no fixed order.
   */
  public JobInfo awaitJob(String id, Predicate<JobStatus> satisfied, Deadline deadline) {
    var changed = new Semaphore(0);
    try (var events =
        client.events(event -> {
          if (event.name().equals("JOB_STATUS_CHANGE")) {
            changed.release();
          }
        })) {
      while (true) {
        JobInfo job = job(id, deadline).orElseThrow(() -> lost(id));
        if (satisfied.test(job.status())) {
          return job;
        }
        if (deadline.remaining().isZero() || events.ended().toCompletableFuture().isDone()) {
          throw failed("the job " + id + " did not end in time; it is " + job.status());
        }
        pause(changed);
      }
    }
  }

  private static void pause(Semaphore changed) {
    try {
      if (changed.tryAcquire(JOB_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        changed.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("interrupted while waiting for a job");
    }
  }

  /** Waits for a job to conclude, forgets it, and throws what it failed with. */
  public void conclude(String id, Deadline deadline) {
    JobInfo job = awaitJob(id, JobStatus.CONCLUDED::equals, deadline);
    ask(new JobDismiss(id), deadline);
    if (job.error() != null) {
      throw failed(job.error());
    }
  }

  /**
   * Cancels a job where it still works, and forgets it; what it failed with is nobody's trouble any
   * more, if only it is gone.
   */
  public void end(String id, Deadline deadline) {
    boolean concluded =
        job(id, deadline).filter(one -> one.status().equals(JobStatus.CONCLUDED)).isPresent();
    if (!concluded) {
      ask(new JobCancel(id), deadline);
    }
    try {
      conclude(id, deadline);
    } catch (SnapshotException e) {
      if (job(id, deadline).isPresent()) {
        throw e;
      }
    }
  }

  private static SnapshotException lost(String id) {
    return failed("the job " + id + " is gone");
  }

  private static SnapshotException failed(String text) {
    return new SnapshotException(Failure.of(ErrorCode.PREPARE_FAILED, text));
  }
}
