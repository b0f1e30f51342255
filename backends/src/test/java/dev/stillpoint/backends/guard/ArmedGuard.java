package dev.stillpoint.backends.guard;

import static org.awaitility.Awaitility.await;

import dev.stillpoint.backends.lock.GuardPlace;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A real guard process, armed for a machine of this test's, whose owner then ends. */
final class ArmedGuard {
  static final Duration PATIENCE = Duration.ofSeconds(30);
  static final String OPERATION = "cafe0001";

  private final Guard guard;
  private final Optional<QmpClient> monitor;
  private final Optional<QgaClient> agent;
  private final Path journal;

  private ArmedGuard(
      Guard guard, Optional<QmpClient> monitor, Optional<QgaClient> agent, Path journal) {
    this.guard = guard;
    this.monitor = monitor;
    this.agent = agent;
    this.journal = journal;
  }

  static ArmedGuard of(
      Guard guard, Optional<QmpClient> monitor, Optional<QgaClient> agent, Path directory)
      throws IOException {
    Path journal = Files.createFile(directory.resolve(OPERATION + ".jsonl"));
    List<Endpoint> machine =
        Stream.concat(
                monitor.map(QmpClient::endpoint).stream(), agent.map(QgaClient::endpoint).stream())
            .toList();
    GuardPlace place = GuardPlace.of(machine, Optional.empty(), OPERATION, "test");
    guard.arm(
        new Order(
            OPERATION,
            "test",
            ProcessIdentity.current(),
            Guard.DEADLINE.toNanos(),
            Optional.empty(),
            agent.map(client -> client.endpoint().toString()),
            monitor.map(client -> client.endpoint().toString()),
            Optional.of(journal),
            place.locks(),
            place.note(),
            Optional.of(place.door())),
        monitor.flatMap(QmpClient::descriptor),
        agent.flatMap(QgaClient::descriptor));
    return new ArmedGuard(guard, monitor, agent, journal);
  }

  /** As the kernel ends a process: everything of it is closed, and nobody is told. */
  void ownerEnds() {
    monitor.ifPresent(QmpClient::close);
    agent.ifPresent(QgaClient::close);
    guard.close();
  }

  /** Waits until the guard has written down what it did. */
  void awaitDone(String did) {
    String words = "\"did\":\"" + did + "\"";
    await().atMost(PATIENCE).until(() -> Files.readString(journal).contains(words));
  }
}
