package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.job.Job;
import dev.stillpoint.qmp.job.JobFailedException;
import dev.stillpoint.qmp.job.JobFailedException.Reason;
import dev.stillpoint.qmp.job.JobProgress;
import dev.stillpoint.qmp.qapi.BlockCommit;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs of a real QEMU, whose machine has an image above another one. */
@Timeout(60)
class JobTest {
  private static final long BYTE_A_SECOND = 1;

  @TempDir private Path temporary;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<JobProgress> told = new CopyOnWriteArrayList<>();

  @SuppressWarnings("NullAway.Init") // before each test
  private QmpClient client;

  @BeforeEach
  void startQemu() throws Exception {
    Path directory = temporary.toRealPath();
    Path base = directory.resolve("base.qcow2");
    Path top = directory.resolve("top.qcow2");
    run(directory, "qemu-img", "create", "-q", "-f", "qcow2", base.toString(), "8M");
    run(
        directory,
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        "qcow2",
        "-b",
        base.toString(),
        top.toString());
    run(directory, "qemu-io", "-c", "write 0 4M", top.toString());
    QemuProcess qemu =
        QemuProcess.machineNone(
            "-blockdev", "driver=qcow2,node-name=top,file.driver=file,file.filename=" + top);
    open.add(qemu);
    client = QmpClient.connect(Endpoint.unix(qemu.qmp())).get(20, TimeUnit.SECONDS);
    open.add(client);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private static void run(Path directory, String... command) {
    HostCommand.run(directory, List.of(command));
  }

  private static BlockCommit commit() {
    return BlockCommit.of("top").withJobId("job0");
  }

  private Job start(BlockCommit command) throws Exception {
    return Job.start(client, "job0", command, told::add).get(20, TimeUnit.SECONDS);
  }

  @Test
  void aJobIsFollowedFromItsStartUntilItIsForgotten() throws Exception {
    // given
    Job job = start(commit().withAutoDismiss(false));
    // when
    await(job.ready());
    assertFalse(job.ended().toCompletableFuture().isDone());
    job.complete().get(20, TimeUnit.SECONDS);
    // then
    await(job.ended());
    assertEquals(List.of(), client.execute(new QueryJobs()).get(20, TimeUnit.SECONDS));
    JobProgress last = told.get(told.size() - 1);
    assertEquals("concluded", last.status());
    assertEquals("commit", last.type());
    assertTrue(last.done() >= 4 << 20, last::toString);
    assertEquals(last.total(), last.done());
  }

  @Test
  void aJobThatForgetsItselfIsKnownByItsEvent() throws Exception {
    Job job = start(commit());
    await(job.ready());
    job.complete().get(20, TimeUnit.SECONDS);
    await(job.ended());
  }

  @Test
  void aJobThatWasThereIsAdopted() throws Exception {
    // given
    start(commit().withAutoDismiss(false)).close();
    // when
    Job adopted = Job.adopt(client, "job0", told::add);
    await(adopted.ready());
    adopted.complete().get(20, TimeUnit.SECONDS);
    // then
    await(adopted.ended());
  }

  @Test
  void aFailedJobSaysWhyAndIsForgotten() throws Exception {
    // given a file that is no image of the size that is asked for
    ObjectNode options = Machine.json().put("driver", "qcow2").put("file", "top").put("size", 1);
    ObjectNode arguments = Machine.json().put("job-id", "job1");
    arguments.set("options", options);
    client.execute("blockdev-create", arguments).get(20, TimeUnit.SECONDS);
    // when
    Job job = Job.adopt(client, "job1", told::add);
    // then
    assertEquals(Reason.FAILED, failure(job.ended()).reason());
    assertEquals(Reason.FAILED, failure(job.ready()).reason());
    assertEquals(List.of(), client.execute(new QueryJobs()).get(20, TimeUnit.SECONDS));
  }

  @Test
  void aCancelledJobIsThat() throws Exception {
    Job job = start(commit().withAutoDismiss(false).withSpeed(BYTE_A_SECOND));
    job.cancel().get(20, TimeUnit.SECONDS);
    assertEquals(Reason.CANCELLED, failure(job.ended()).reason());
    assertEquals(List.of(), client.execute(new QueryJobs()).get(20, TimeUnit.SECONDS));
  }

  @Test
  void aJobWhoseQemuGoesAwayIsOutOfSight() throws Exception {
    Job job = start(commit().withSpeed(BYTE_A_SECOND));
    JsonNode unused = client.execute("quit", Machine.json()).get(20, TimeUnit.SECONDS);
    assertTrue(
        List.of(Reason.DISCONNECTED, Reason.CANCELLED).contains(failure(job.ended()).reason()));
  }

  @Test
  void aJobThatIsNotThereIsForgotten() throws Exception {
    assertEquals(Reason.FORGOTTEN, failure(Job.adopt(client, "none", told::add).ended()).reason());
  }

  @Test
  void aCommandThatIsRefusedStartsNoJob() {
    ExecutionException refused =
        assertThrows(
            ExecutionException.class,
            () ->
                Job.start(client, "job0", BlockCommit.of("none").withJobId("job0"), told::add)
                    .get(20, TimeUnit.SECONDS));
    assertInstanceOf(CommandException.Refused.class, refused.getCause());
  }

  private static void await(CompletionStage<Void> end) throws Exception {
    end.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static JobFailedException failure(CompletionStage<Void> end) {
    ExecutionException failed =
        assertThrows(
            ExecutionException.class, () -> end.toCompletableFuture().get(20, TimeUnit.SECONDS));
    return assertInstanceOf(JobFailedException.class, failed.getCause());
  }
}
