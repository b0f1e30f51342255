package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.JournalEntry.Ending;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A monitor, an agent and a journal in this process, with an operation that did not end. */
abstract class RecoveryScene {
  static final String ID = "cafe0001";
  static final String GONE = "4194304@1/another-boot";

  @TempDir Path directory;
  final FakeAgent agent = FakeAgent.start();
  final FakeQmpServer monitor = FakeQmpServer.start();
  final List<String> nodes = new ArrayList<>();
  final List<String> attached = new ArrayList<>();

  /** What lies below a node, by their names. */
  final Map<String, String> below = new HashMap<>();

  /** The jobs of the machine and how each is. */
  final Map<String, String> jobs = new LinkedHashMap<>();

  boolean paused;
  JournalDirectory journal = JournalDirectory.in(Path.of("unset"));

  @BeforeEach
  void answers() {
    journal = JournalDirectory.in(directory.resolve("state"));
    monitor.on("query-block").answers(nothing -> value(list(attached, this::device)));
    monitor
        .on("query-named-block-nodes")
        .answers(nothing -> value(list(nodes, node -> node(node, "/" + node))));
    monitor.on("query-block-jobs").returns("[]");
    monitor.on("query-block-exports").returns("[]");
    monitor.on("query-jobs").answers(nothing -> value(list(List.copyOf(jobs.keySet()), this::job)));
    monitor.on("query-migrate").returns("{}");
    monitor
        .on("query-status")
        .answers(nothing ->
            value(
                "{'running':%s,'status':'%s'}".formatted(!paused, paused ? "paused" : "running")));
    monitor
        .on("cont")
        .answers(nothing -> {
          paused = false;
          return value("{}");
        });
    monitor
        .on("blockdev-del")
        .answers(arguments -> {
          nodes.remove(arguments.path("node-name").asText());
          return value("{}");
        });
  }

  @AfterEach
  void close() {
    monitor.close();
    agent.close();
  }

  static FakeQmpServer.Answer value(String json) {
    return FakeQmpServer.Answer.value(json);
  }

  static String list(List<String> items, java.util.function.Function<String, String> asJson) {
    return "[" + String.join(",", items.stream().map(asJson).toList()) + "]";
  }

  String node(String name, String file) {
    String backing = below.get(name);
    String under =
        backing == null
            ? ""
            : ",'backing-image':{'filename':'%s','format':'qcow2','virtual-size':1}"
                .formatted(backing);
    return ("{'node-name':'%s','drv':'qcow2','ro':false,'file':'%s',"
            + "'image':{'filename':'%s','format':'qcow2','virtual-size':1%s}}")
        .formatted(name, file, file, under);
  }

  /** One that has {@code failed} is concluded, and says why. */
  private String job(String id) {
    String status = String.valueOf(jobs.get(id));
    boolean failed = status.equals("failed");
    return "{'id':'%s','type':'commit','status':'%s','current-progress':0,'total-progress':0%s}"
        .formatted(
            id, failed ? "concluded" : status, failed ? ",'error':'No space left on device'" : "");
  }

  String device(String node) {
    return "{'device':'','qdev':'/machine/peripheral/%s','removable':false,'locked':false,'inserted':%s}"
        .formatted(node, node(node, "/" + node));
  }

  MachineIdentity machine(String incarnation) {
    return new MachineIdentity(
        Optional.of(MachineLock.addressOf(monitor.endpoint())),
        Optional.of(MachineLock.addressOf(agent.endpoint())),
        Optional.of(incarnation),
        Optional.empty());
  }

  MachineIdentity living() {
    return machine(ProcessIdentity.current().toString());
  }

  /** A machine at whose sockets nobody listens any more. */
  MachineIdentity gone() {
    return new MachineIdentity(
        Optional.of("unix:" + directory.resolve("no-monitor")),
        Optional.of("unix:" + directory.resolve("no-agent")),
        Optional.of(GONE),
        Optional.empty());
  }

  Path file(String name) throws IOException {
    return Files.writeString(directory.resolve(name), "data");
  }

  static FileNumber number(Path file) throws IOException {
    return new FileNumber(
        ((Number) Files.getAttribute(file, "unix:dev")).longValue(),
        ((Number) Files.getAttribute(file, "unix:ino")).longValue());
  }

  /** Where the images lie that the machine wrote to before. */
  String images = "/images";

  Inventory disk(int n, Path overlay, Optional<FileNumber> number) {
    String prefix = "sp-" + ID + "-" + n;
    return new Inventory(
        "vd" + n,
        "qemu",
        "prepared",
        images + "/base" + n + ".qcow2",
        Optional.of("node" + n),
        Map.of(),
        List.of(
            new Belonging(Kind.FILE, "overlay", overlay.toString(), number),
            new Belonging(Kind.NODE, "file", prefix + "-file", Optional.empty()),
            new Belonging(Kind.NODE, "overlay", prefix + "-overlay", Optional.empty()),
            new Belonging(Kind.JOB, "create", prefix + "-create", Optional.empty()),
            new Belonging(Kind.JOB, "commit", prefix + "-commit", Optional.empty())));
  }

  void written(
      Phase phase,
      MachineIdentity machine,
      boolean thawOwed,
      boolean resumeOwed,
      Inventory... disks) {
    journal.write(
        entry(ID, Instant.now(), phase, machine, thawOwed, resumeOwed, Optional.empty(), disks));
  }

  /** An entry of an operation that owes the guest nothing. */
  void writtenAt(String id, Instant at, Phase phase, Inventory... disks) {
    journal.write(entry(id, at, phase, living(), false, false, Optional.empty(), disks));
  }

  /** The last entry of an operation that owes the guest nothing. */
  void ended(Outcome outcome, Inventory... disks) {
    var ending = new Ending(outcome, GuestState.THAWED, Optional.empty());
    journal.write(
        entry(ID, Instant.now(), Phase.ENDED, living(), false, false, Optional.of(ending), disks));
  }

  private static JournalEntry entry(
      String id,
      Instant at,
      Phase phase,
      MachineIdentity machine,
      boolean thawOwed,
      boolean resumeOwed,
      Optional<Ending> ending,
      Inventory... disks) {
    return new JournalEntry(
        id,
        "snapshot",
        "nightly",
        phase,
        at,
        at,
        machine,
        List.of(disks),
        thawOwed,
        resumeOwed,
        ending);
  }

  void freeze() {
    try (QgaClient client = QgaClient.connect(agent.endpoint()).join()) {
      client.execute(new GuestFsfreezeFreeze()).join();
    }
  }

  RecoveredOperation recovered() {
    List<RecoveredOperation> found = Recovery.of(journal).run();
    assertEquals(1, found.size(), found::toString);
    return found.get(0);
  }

  void assertNothingLeftNow() {
    assertEquals(List.of(), journal.operations());
    assertEquals(List.of(), Recovery.of(journal).run());
  }
}
