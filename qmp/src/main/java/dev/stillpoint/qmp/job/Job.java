package dev.stillpoint.qmp.job;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpEvent;
import dev.stillpoint.qmp.QmpSubscription;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.wire.Json;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A job of QEMU, followed to its end: one that is started here, or one that is there already.
 *
 * <p>Events and replies come in any order, and an event tells little. So an event is only the
 * reason to ask: the job stands where {@code query-jobs} says. It is asked besides every {@link
 * #POLL}, for the progress.
 *
 * <p>A job that waits to be forgotten ({@code auto-dismiss: false}) is dismissed once its end was
 * read; give that to the command which starts it, or its end may be gone before it can be read.
 * Then only a failure that QEMU told by {@code BLOCK_JOB_COMPLETED} is known. Safe for use by
 * several threads; futures and the listener are told on the client's callbacks.
 */
public final class Job implements AutoCloseable {
  /** How often a job is asked for besides its events. */
  public static final Duration POLL = Duration.ofSeconds(1);

  private static final String STATUS_CHANGE = "JOB_STATUS_CHANGE";
  private static final String COMPLETED = "BLOCK_JOB_COMPLETED";
  private static final String CANCELLED = "BLOCK_JOB_CANCELLED";

  private final QmpClient client;
  private final String id;
  private final Consumer<JobProgress> listener;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final QmpSubscription events;
  private boolean begun;
  private boolean asking;
  private boolean askAgain;
  private boolean pollIsDue;
  private boolean concluded;

  /** When an answer came first in which it was not; 0 before that. */
  private long missedNanos;

  private boolean cancelled;
  private Optional<Optional<String>> toldByEvent = Optional.empty();

  private Job(QmpClient client, String id, Consumer<JobProgress> listener) {
    this.client = client;
    this.id = id;
    this.listener = listener;
    this.events = client.events(Set.of(STATUS_CHANGE, COMPLETED, CANCELLED), this::heard);
    var unused = client.closed().thenRun(this::disconnected);
  }

  /**
   * Starts a job and follows it.
   *
   * @param id the id that the command gives it ({@code job-id})
   * @param command what starts it, such as {@code block-commit}; with {@code auto-dismiss} false
   * @param listener told of each step, one at a time
   * @return the job once the command was answered; exceptionally with what the command failed with
   */
  public static CompletableFuture<Job> start(
      QmpClient client, String id, QmpCommand<?> command, Consumer<JobProgress> listener) {
    var job = new Job(client, id, listener);
    return client
        .execute(command)
        .thenApply(done -> {
          job.begin();
          return job;
        })
        .whenComplete((begun, failure) -> {
          if (failure != null) {
            job.close();
          }
        });
  }

  /**
   * Follows a job that somebody else has started.
   *
   * @return the job, if it is there; if not, {@link #ended} fails with {@link
   *     JobFailedException.Reason#FORGOTTEN}
   */
  public static Job adopt(QmpClient client, String id, Consumer<JobProgress> listener) {
    var job = new Job(client, id, listener);
    job.begin();
    return job;
  }

  /** The job's id. */
  public String id() {
    return id;
  }

  /**
   * Completes when the job waits for {@link #complete}, as mirrors and active commits do;
   * exceptionally when it ends without.
   */
  public CompletionStage<Void> ready() {
    return ready.minimalCompletionStage();
  }

  /**
   * Completes when the job has done its work and is forgotten; exceptionally with a {@link
   * JobFailedException}.
   */
  public CompletionStage<Void> ended() {
    return ended.minimalCompletionStage();
  }

  /** Lets a job that is ready end its work ({@code job-complete}). */
  public CompletableFuture<JsonNode> complete() {
    return order("job-complete");
  }

  /** Ends a job that waits for that ({@code job-finalize}; {@code auto-finalize: false}). */
  public CompletableFuture<JsonNode> finish() {
    return order("job-finalize");
  }

  /**
   * Gives the job up ({@code job-cancel}): {@link #ended} then fails with {@link
   * JobFailedException.Reason#CANCELLED}.
   */
  public CompletableFuture<JsonNode> cancel() {
    synchronized (this) {
      cancelled = true;
    }
    return order("job-cancel");
  }

  private CompletableFuture<JsonNode> order(String command) {
    return client.execute(command, Json.object().put("id", id));
  }

  /** Follows it no more; the job itself goes on. */
  @Override
  public void close() {
    events.close();
    ended.cancel(false);
    ready.cancel(false);
  }

  private void begin() {
    synchronized (this) {
      begun = true;
    }
    ask();
  }

  private void heard(QmpEvent event) {
    if (event.name().equals(STATUS_CHANGE)) {
      if (event.data().path("id").asText().equals(id)) {
        ask();
      }
    } else if (event.data().path("device").asText().equals(id)) {
      JsonNode error = event.data().path("error");
      synchronized (this) {
        boolean wasCancelled = event.name().equals(CANCELLED);
        cancelled |= wasCancelled;
        toldByEvent =
            Optional.of(
                error.isTextual() || wasCancelled
                    ? Optional.of(error.asText(CANCELLED))
                    : Optional.empty());
      }
    }
  }

  /** One question at a time; whoever comes meanwhile has it asked once more. */
  private void ask() {
    synchronized (this) {
      // Once its end is read it is being forgotten, and that it is not there says nothing new.
      if (!begun || concluded || ended.isDone()) {
        return;
      }
      if (asking) {
        askAgain = true;
        return;
      }
      asking = true;
    }
    var unused =
        client
            .execute("query-jobs", Json.object())
            .handle((jobs, failure) -> answered(jobs, failure));
  }

  private boolean answered(@Nullable JsonNode jobs, @Nullable Throwable failure) {
    boolean again;
    synchronized (this) {
      asking = false;
      again = askAgain;
      askAgain = false;
    }
    if (failure == null && jobs != null) {
      judge(jobs);
    }
    if (ended.isDone()) {
      events.close();
    } else if (again) {
      ask();
    } else {
      askLater();
    }
    return again;
  }

  private void askLater() {
    synchronized (this) {
      if (pollIsDue) {
        return;
      }
      pollIsDue = true;
    }
    CompletableFuture.delayedExecutor(POLL.toMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> {
          synchronized (this) {
            pollIsDue = false;
          }
          ask();
        });
  }

  private void judge(JsonNode jobs) {
    for (JsonNode job : jobs) {
      if (job.path("id").asText().equals(id)) {
        stands(job);
        return;
      }
    }
    Optional<Optional<String>> known;
    long missedFor;
    synchronized (this) {
      known = toldByEvent;
      long now = System.nanoTime();
      missedNanos = missedNanos == 0 ? now : missedNanos;
      missedFor = now - missedNanos;
    }
    if (known.isEmpty() && missedFor < POLL.toNanos()) {
      // Events and answers come on threads of their own: its end may have been told already.
      return;
    }
    if (known.isEmpty()) {
      fail(JobFailedException.Reason.FORGOTTEN, "is not there any more, and nobody told its end");
    } else {
      end(known.get());
    }
  }

  private void stands(JsonNode job) {
    String status = job.path("status").asText();
    listener.accept(
        new JobProgress(
            job.path("type").asText(),
            status,
            job.path("current-progress").asLong(),
            job.path("total-progress").asLong()));
    if (status.equals("ready")) {
      ready.complete(null);
    }
    if (status.equals("concluded")) {
      synchronized (this) {
        concluded = true;
      }
      JsonNode error = job.path("error");
      var unused =
          order("job-dismiss")
              .exceptionally(thrown -> refusalIsFine(thrown))
              .handle((done, failure) -> {
                end(error.isTextual() ? Optional.of(error.asText()) : Optional.empty());
                return true;
              });
    }
  }

  /** QEMU, or somebody else, was first. */
  private static JsonNode refusalIsFine(Throwable thrown) {
    if (thrown instanceof CommandException.Refused) {
      return Json.object();
    }
    throw new CompletionException(thrown);
  }

  private void end(Optional<String> error) {
    boolean wasCancelled;
    synchronized (this) {
      wasCancelled = cancelled;
    }
    if (wasCancelled && error.isPresent()) {
      fail(JobFailedException.Reason.CANCELLED, "was cancelled");
    } else if (error.isPresent()) {
      fail(JobFailedException.Reason.FAILED, "failed: " + error.get());
    } else {
      ended.complete(null);
      ready.complete(null);
    }
  }

  private void disconnected() {
    fail(
        JobFailedException.Reason.DISCONNECTED,
        "is out of sight: the connection to its QEMU has ended");
  }

  private void fail(JobFailedException.Reason reason, String detail) {
    var failure = new JobFailedException(id, reason, detail);
    ended.completeExceptionally(failure);
    ready.completeExceptionally(failure);
  }
}
