package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.BlockDeviceInfo;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.qmp.qapi.QueryNamedBlockNodes;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A warm guest with the clients and the engine on it, and what a test asks of it afterwards. */
public final class Machine implements AutoCloseable {
  private static final Duration WRITER_PATIENCE = Duration.ofSeconds(20);

  final Guest guest;
  final QmpClient monitor;
  final QgaClient agent;
  private final List<Path> filesBefore;

  private Machine(Guest guest, Path qmp, Path qga) {
    this.guest = guest;
    this.monitor = QmpClient.connect(Endpoint.unix(qmp)).join();
    this.agent = QgaClient.connect(Endpoint.unix(AgentSafety.require(qga))).join();
    this.filesBefore = files();
  }

  /** The clients' way to a guest: straight to its sockets, or through proxies before them. */
  public static Machine on(Guest guest, Path qmp, Path qga) {
    return new Machine(guest, qmp, qga);
  }

  /** The guest itself. */
  public Guest guest() {
    return guest;
  }

  /** The client of its monitor. */
  public QmpClient monitor() {
    return monitor;
  }

  static Machine threeDisks() {
    return start(GuestConfig.threeDisks());
  }

  static Machine start(GuestConfig config) {
    Guest guest = WarmGuest.start(config);
    try {
      return new Machine(guest, guest.qmp(), guest.agent());
    } catch (RuntimeException e) {
      guest.close();
      throw e;
    }
  }

  public SnapshotResult take(SnapshotRequest request) {
    return take(request, builder -> builder);
  }

  public SnapshotResult take(
      SnapshotRequest request, UnaryOperator<SnapshotEngine.Builder> configured) {
    return engine(configured).start(request).result().toCompletableFuture().join();
  }

  /** What one snapshots it with. */
  public SnapshotEngine engine(UnaryOperator<SnapshotEngine.Builder> configured) {
    return configured
        .apply(
            SnapshotEngine.builder()
                .monitor(monitor)
                .agent(agent)
                .journal(JournalDirectory.in(guest.directory().resolve("state"))))
        .build();
  }

  void qmp(String command, ObjectNode arguments) {
    monitor.execute(command, arguments).join();
  }

  static ObjectNode json() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A refusal with this code, a message that names what is wrong, and nothing left behind. */
  void assertRefused(SnapshotResult result, ErrorCode code, String told) {
    assertEquals(Outcome.FAILED, result.outcome(), result::toString);
    var error = result.error().orElseThrow();
    assertEquals(code, error.code(), result::toString);
    assertTrue(error.message().contains(told), error::message);
    assertTrue(result.guestIsSafe(), result::toString);
    assertNothingLeft();
    assertWritesOn();
  }

  /** No file, node or job of ours. */
  public void assertNothingLeft() {
    assertEquals(filesBefore, files());
    List<BlockDeviceInfo> nodes = monitor.execute(QueryNamedBlockNodes.of().withFlat(true)).join();
    assertEquals(
        List.of(), nodes.stream().map(BlockDeviceInfo::nodeName).filter(Machine::isOurs).toList());
    assertEquals(List.of(), monitor.execute(new QueryJobs()).join());
  }

  private static boolean isOurs(@org.jspecify.annotations.Nullable String node) {
    return node != null && node.startsWith("sp-");
  }

  /** The guest is thawed, as its agent says, and its writer reaches its disks. */
  public void assertWritesOn() {
    assertEquals(GuestFsfreezeStatusResult.THAWED, agent.execute(new GuestFsfreezeStatus()).join());
    guest.awaitNextAck(WRITER_PATIENCE);
  }

  /** The guest's images and what was made beside them; logs and sockets are not ours to judge. */
  public List<Path> files() {
    try (Stream<Path> files = Files.list(guest.directory())) {
      return files
          .filter(file -> name(file).contains(".qcow2") || name(file).contains(".raw"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Path file) {
    return Objects.requireNonNull(file.getFileName(), "a file in a directory has a name")
        .toString();
  }

  @Override
  public void close() {
    agent.close();
    monitor.close();
    guest.close();
  }
}
