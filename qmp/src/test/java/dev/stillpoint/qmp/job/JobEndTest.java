package dev.stillpoint.qmp.job;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.FakeQmpServer.Answer;
import dev.stillpoint.qmp.testing.Fault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A job whose end was read, and that is asked for once more. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JobEndTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String CONCLUDED =
      "[{'id':'j','type':'commit','status':'concluded','current-progress':1,'total-progress':1}]";

  @Test
  void oneThatIsBeingForgottenIsNotLost() throws Exception {
    try (ExecutorService inTurn = Executors.newSingleThreadExecutor();
        FakeQmpServer monitor = FakeQmpServer.start()) {
      // given: it has concluded when it is asked for first, and is not there any more after that
      int[] asked = {0};
      monitor
          .fault("query-jobs", Fault.HELD)
          .fault("job-dismiss", Fault.HELD)
          .on("query-jobs")
          .answers(none -> Answer.value(asked[0]++ == 0 ? CONCLUDED : "[]"))
          .on("job-dismiss")
          .returns("{}")
          .on("query-status")
          .returns("{'running':true,'status':'running'}");
      var options = new QmpOptions(PATIENCE, PATIENCE, inTurn);
      try (QmpClient client = QmpClient.connect(monitor.endpoint(), options).join()) {
        Job job = Job.adopt(client, "j", progress -> {});
        // when: a change comes before the answer, and the dismissal takes its time
        await().until(() -> monitor.peer().heldReplies() == 1);
        monitor.event("JOB_STATUS_CHANGE", "{'id':'j','status':'null'}");
        monitor.peer().releaseReplies();
        await().until(() -> monitor.peer().heldReplies() == 1);
        CompletableFuture.completedFuture("")
            .thenComposeAsync(none -> client.execute(new QueryStatus()), inTurn)
            .join();
        // then
        assertFalse(job.ended().toCompletableFuture().isDone());
        monitor.peer().releaseReplies();
        job.ended().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void oneWhoseEndIsHeardAfterTheAnswerThatKnowsItNoMoreIsNotLost() throws Exception {
    try (FakeQmpServer monitor = FakeQmpServer.start()) {
      // given
      monitor
          .on("query-jobs")
          .returns("[]")
          .on("query-status")
          .returns("{'running':true,'status':'running'}");
      try (QmpClient client = QmpClient.connect(monitor.endpoint()).join()) {
        Job job = Job.adopt(client, "j", progress -> {});
        client.execute(new QueryStatus()).join();
        // when
        monitor.event(
            "BLOCK_JOB_COMPLETED", "{'device':'j','type':'commit','len':1,'offset':1,'speed':0}");
        // then
        job.ended().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }
}
