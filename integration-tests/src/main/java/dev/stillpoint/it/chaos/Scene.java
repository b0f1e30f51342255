package dev.stillpoint.it.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.it.chaos.Ours.Run;
import dev.stillpoint.it.chaos.Place.Wire;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Side;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** What stands on the stage of one round: a guest, proxies, a place for our process. */
final class Scene implements AutoCloseable {
  /** The snapshot's name, which its overlays bear. */
  static final String NAME = "chaos";

  private static final Set<Scene> LIVE = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> LIVE.forEach(Scene::tidy), "chaos-scenes-end"));
  }

  final Round round;
  final Guest guest;
  final Ours ours;
  final Optional<SmallDisk> disk;
  final Optional<FullPipe> terminal;
  final Optional<Storages> storages;
  private final Optional<FaultProxy> monitorProxy;
  private final Optional<FaultProxy> agentProxy;
  private final Path directory;

  private Scene(Round round, Optional<Storages> storages, Guest guest, Path directory) {
    this.round = round;
    this.storages = storages;
    this.guest = guest;
    this.directory = directory;
    this.monitorProxy =
        round.directMonitor() ? Optional.empty() : Optional.of(FaultProxy.before(guest.qmp()));
    this.agentProxy =
        round.directAgent() ? Optional.empty() : Optional.of(FaultProxy.beforeAgent(guest));
    this.disk =
        round.has(Mishap.DiskFilled.class)
            ? Optional.of(SmallDisk.at(directory.resolve("small")))
            : Optional.empty();
    Path pipe = directory.resolve("terminal");
    this.terminal =
        round.has(Mishap.Unread.class) ? Optional.of(FullPipe.at(pipe)) : Optional.empty();
    this.ours = new Ours(directory, terminal.map(full -> pipe));
    LIVE.add(this);
  }

  static Scene of(Round round) {
    Optional<Storages> storages = round.paused() ? Optional.of(Storages.make()) : Optional.empty();
    try {
      Guest guest = storages.map(Storages::startGuest).orElseGet(() -> startGuest(round));
      try {
        return new Scene(
            round, storages, guest, Files.createTempDirectory("sp-chaos-").toRealPath());
      } catch (IOException e) {
        guest.close();
        throw new UncheckedIOException(e);
      } catch (RuntimeException e) {
        guest.close();
        throw e;
      }
    } catch (RuntimeException e) {
      storages.ifPresent(Storages::close);
      throw e;
    }
  }

  private static Guest startGuest(Round round) {
    return WarmGuest.start(round.root() ? GuestConfig.rootOnExt4() : GuestConfig.threeDisks());
  }

  /** Our command line's snapshot of this guest. */
  Run startSnapshot() {
    var arguments = new ArrayList<>(List.of("snapshot", "--name", NAME, "-o", "json"));
    arguments.addAll(List.of("--qmp", monitor().toString()));
    arguments.addAll(List.of("--qga", AgentSafety.require(agent()).toString()));
    arguments.addAll(List.of("--state-dir", state().toString()));
    arguments.addAll(List.of("--quiesce", round.quiesce().name().toLowerCase(Locale.ROOT)));
    if (storages.isPresent()) {
      arguments.addAll(Storages.DISKS);
    }
    if (!round.isHarmless()) {
      // A lost reply is waited for until the window ends.
      arguments.addAll(List.of("--freeze-window", "2s", "--timeout", "8s", "--thaw-bound", "2s"));
    }
    disk.ifPresent(small -> {
      for (int i = 0; i < guest.images().size(); i++) {
        arguments.add("--disk");
        arguments.add("disk%d,overlay=%s/disk%d.%s.qcow2".formatted(i, small.directory(), i, NAME));
      }
    });
    return ours.start(arguments);
  }

  Run startRecover() {
    return ours.start(List.of("recover", "--state-dir", state().toString()));
  }

  Path monitor() {
    return monitorProxy.map(FaultProxy::socket).orElse(guest.qmp());
  }

  Path agent() {
    return agentProxy.map(FaultProxy::socket).orElse(guest.agent());
  }

  private Path state() {
    return directory.resolve("state");
  }

  JournalDirectory journal() {
    return JournalDirectory.in(state());
  }

  FaultProxy proxy(Wire wire) {
    return (wire == Wire.MONITOR ? monitorProxy : agentProxy).orElseThrow();
  }

  /** Cuts what is between us and the machine, at both ends. */
  void cut(Wire wire) {
    proxy(wire).cutNow(Side.SERVER);
    proxy(wire).cutNow(Side.CLIENT);
  }

  /** Nobody listens any more, as with QEMU's own sockets once it is gone. */
  void closeProxies() {
    monitorProxy.ifPresent(FaultProxy::close);
    agentProxy.ifPresent(FaultProxy::close);
  }

  /** One command over the observer's monitor. */
  JsonNode ask(String command) {
    try (QmpClient client = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      return client.execute(command, JsonNodeFactory.instance.objectNode()).join();
    }
  }

  /** QEMU ends in good order. */
  boolean quit() {
    try {
      ask("quit");
    } catch (CompletionException e) {
      // It may go before it has answered.
    }
    return Deadline.in(Duration.ofSeconds(20)).await(() -> !guest.isAlive());
  }

  boolean isLocked() {
    return MachineLock.owner(List.of(Endpoint.unix(monitor()), Endpoint.unix(agent()))).isPresent();
  }

  /** The overlays that are there, wherever the round has them made. */
  List<Path> overlays() {
    return Stream.concat(Stream.of(guest.directory()), disk.map(SmallDisk::directory).stream())
        .flatMap(where -> list(where).stream())
        .filter(file -> file.toString().contains("." + NAME + "."))
        .sorted()
        .toList();
  }

  /** What a guard's start has left in the round's directory. */
  List<Path> guardSockets() {
    return list(directory).stream()
        .filter(file -> file.toString().contains("stillpoint-guard"))
        .toList();
  }

  private static List<Path> list(Path where) {
    try (Stream<Path> files = Files.list(where)) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What passed the proxies and what our processes said, for whoever has to find out. */
  List<String> story() {
    var story = new ArrayList<String>();
    monitorProxy.ifPresent(proxy -> story.add("monitor: " + proxy.history()));
    agentProxy.ifPresent(proxy -> story.add("agent: " + proxy.history()));
    for (Path file : list(directory)) {
      if (Files.isRegularFile(file)) {
        story.add(file.getFileName() + ": " + read(file).strip());
      }
    }
    Path operations = state().resolve("operations");
    if (Files.isDirectory(operations)) {
      for (Path file : list(operations)) {
        // The last entry stands for all before it.
        story.add("journal: " + read(file).lines().reduce("", (first, next) -> next));
      }
    }
    return story;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "(" + e.getMessage() + ")";
    }
  }

  private void tidy() {
    ours.close();
    closeProxies();
    terminal.ifPresent(FullPipe::close);
    disk.ifPresent(SmallDisk::close);
    storages.ifPresent(Storages::close);
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      LIVE.remove(this);
    }
  }

  /** Ends all that is left, QEMU first: it has the small disk open. */
  @Override
  public void close() {
    try (guest) {
      guest.close();
    } finally {
      tidy();
    }
  }
}
