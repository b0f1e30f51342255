package dev.stillpoint.it;

import dev.stillpoint.backends.guard.GuardedPauser;
import dev.stillpoint.backends.guard.GuardedQuiescer;
import dev.stillpoint.backends.guard.Guards;
import dev.stillpoint.backends.guard.OperationGuard;
import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.guest.MonitorPauser;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.testing.IdleMethod;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A process that freezes a guest, pauses its machine and stays in the cut for ever: two methods are
 * in it, whose cuts are no one instant.
 */
final class PausingOwner {
  private static final QgaOptions PATIENT =
      QgaOptions.defaults().withConnectTimeout(Duration.ofSeconds(30));

  private PausingOwner() {}

  /**
   * Runs it.
   *
   * @param args the monitor's socket, the agent's, the policy, and the file that says that the
   *     machine stands still
   */
  public static void main(String[] args) {
    Quiesce quiesce = Quiesce.valueOf(args[2]);
    try (QmpClient monitor = QmpClient.connect(Endpoint.unix(Path.of(args[0]))).join();
        QgaClient agent = QgaClient.connect(Endpoint.unix(Path.of(args[1])), PATIENT).join()) {
      String id = SnapshotCoordinator.newOperationId();
      var guard = new OperationGuard(Guards.fresh(), id, "mixed", Optional.empty());
      SnapshotResult result =
          SnapshotCoordinator.builder()
              .method(new Stuck("left", Path.of(args[3])))
              .method(new Stuck("right", Path.of(args[3])))
              .pauser(new GuardedPauser(new MonitorPauser(monitor), monitor, guard))
              .quiescer(
                  new GuardedQuiescer(new GuestQuiescer(agent, Optional.of(monitor)), agent, guard))
              .build()
              .start(
                  id,
                  SnapshotRequest.named("mixed")
                      .disk("a", "left")
                      .disk("b", "right")
                      .quiesce(quiesce)
                      .freezeWindow(Duration.ofSeconds(20)))
              .result()
              .toCompletableFuture()
              .join();
      guard.end();
      System.out.println(result);
    }
  }

  /** Its cut never ends. */
  private static final class Stuck extends IdleMethod {
    private final Path standing;

    Stuck(String name, Path standing) {
      super(name);
      this.standing = standing;
    }

    @Override
    public CompletionStage<CutReport> cut(Deadline deadline) {
      try {
        Files.writeString(standing, "the machine stands still");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new CompletableFuture<>();
    }

    @Override
    public CompletionStage<Settlement> settle(Deadline deadline) {
      return CompletableFuture.completedFuture(
          new Settlement(Settlement.State.NOT_APPLIED, List.of(), List.of()));
    }
  }
}
