package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.command.GuestFsfreezeFreeze;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is made of an operation that did not end, over a monitor and an agent in this process. */
@Timeout(60)
class RecoveryTest {
  private static final String ID = "cafe0001";
  private static final String GONE = "4194304@1/another-boot";

  @TempDir private Path directory;
  private final FakeAgent agent = FakeAgent.start();
  private final FakeQmpServer monitor = FakeQmpServer.start();
  private final List<String> nodes = new ArrayList<>();
  private final List<String> attached = new ArrayList<>();
  private boolean paused;
  private JournalDirectory journal = JournalDirectory.in(Path.of("unset"));

  @BeforeEach
  void answers() {
    journal = JournalDirectory.in(directory.resolve("state"));
    monitor.on("query-block").answers(nothing -> value(list(attached, RecoveryTest::device)));
    monitor
        .on("query-named-block-nodes")
        .answers(nothing -> value(list(nodes, node -> node(node, "/" + node))));
    monitor.on("query-block-jobs").returns("[]");
    monitor.on("query-block-exports").returns("[]");
    monitor.on("query-jobs").returns("[]");
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

  private static FakeQmpServer.Answer value(String json) {
    return FakeQmpServer.Answer.value(json);
  }

  private static String list(
      List<String> items, java.util.function.Function<String, String> asJson) {
    return "[" + String.join(",", items.stream().map(asJson).toList()) + "]";
  }

  private static String node(String name, String file) {
    return ("{'node-name':'%s','drv':'qcow2','ro':false,'file':'%s',"
            + "'image':{'filename':'%s','format':'qcow2','virtual-size':1}}")
        .formatted(name, file, file);
  }

  private static String device(String node) {
    return "{'device':'','qdev':'/machine/peripheral/%s','removable':false,'locked':false,'inserted':%s}"
        .formatted(node, node(node, "/" + node));
  }

  private MachineIdentity machine(String incarnation) {
    return new MachineIdentity(
        Optional.of(MachineLock.nameOf(monitor.endpoint())),
        Optional.of(MachineLock.nameOf(agent.endpoint())),
        Optional.of(incarnation),
        Optional.empty());
  }

  private MachineIdentity living() {
    return machine(ProcessIdentity.current().toString());
  }

  /** A machine at whose sockets nobody listens any more. */
  private MachineIdentity gone() {
    return new MachineIdentity(
        Optional.of("unix:" + directory.resolve("no-monitor")),
        Optional.of("unix:" + directory.resolve("no-agent")),
        Optional.of(GONE),
        Optional.empty());
  }

  private Path file(String name) throws IOException {
    return Files.writeString(directory.resolve(name), "data");
  }

  private static FileNumber number(Path file) throws IOException {
    return new FileNumber(
        ((Number) Files.getAttribute(file, "unix:dev")).longValue(),
        ((Number) Files.getAttribute(file, "unix:ino")).longValue());
  }

  private static Inventory disk(int n, Path overlay, Optional<FileNumber> number) {
    String prefix = "sp-" + ID + "-" + n;
    return new Inventory(
        "vd" + n,
        "qemu",
        "prepared",
        "/images/base" + n + ".qcow2",
        Optional.of("node" + n),
        List.of(
            new Belonging(Kind.FILE, "overlay", overlay.toString(), number),
            new Belonging(Kind.NODE, "file", prefix + "-file", Optional.empty()),
            new Belonging(Kind.NODE, "overlay", prefix + "-overlay", Optional.empty()),
            new Belonging(Kind.JOB, "create", prefix + "-create", Optional.empty()),
            new Belonging(Kind.JOB, "commit", prefix + "-commit", Optional.empty())));
  }

  private void written(
      Phase phase,
      MachineIdentity machine,
      boolean thawOwed,
      boolean resumeOwed,
      Inventory... disks) {
    Instant now = Instant.now();
    journal.write(
        new JournalEntry(
            ID,
            "snapshot",
            "nightly",
            phase,
            now,
            now,
            machine,
            List.of(disks),
            thawOwed,
            resumeOwed,
            Optional.empty()));
  }

  private void freeze() {
    try (QgaClient client = QgaClient.connect(agent.endpoint()).join()) {
      client.execute(new GuestFsfreezeFreeze()).join();
    }
  }

  private RecoveredOperation recovered() {
    List<RecoveredOperation> found = Recovery.of(journal).run();
    assertEquals(1, found.size(), found::toString);
    return found.get(0);
  }

  private void assertNothingLeftNow() {
    assertEquals(List.of(), journal.operations());
    assertEquals(List.of(), Recovery.of(journal).run());
  }

  @Test
  void aFrozenGuestIsThawedAndWhatWasMadeForItRemoved() throws IOException {
    // given
    Path overlay = file("overlay");
    nodes.addAll(List.of("sp-" + ID + "-1-file", "sp-" + ID + "-1-overlay", "base"));
    attached.add("base");
    written(Phase.HOLDING, living(), true, false, disk(1, overlay, Optional.of(number(overlay))));
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(agent.guestFrozen());
    assertEquals(List.of("base"), nodes);
    assertFalse(Files.exists(overlay));
    assertEquals(List.of(), one.disks());
    assertNothingLeftNow();
  }

  @Test
  void aDryRunTellsAndChangesNothing() throws IOException {
    // given
    Path overlay = file("overlay");
    nodes.add("sp-" + ID + "-1-file");
    written(Phase.HOLDING, living(), true, false, disk(1, overlay, Optional.of(number(overlay))));
    freeze();
    String before = Files.readString(journal.fileOf(ID));
    // when
    RecoveredOperation one = Recovery.of(journal).onlyTelling().run().get(0);
    // then
    assertEquals(State.MAYBE_FROZEN, one.state());
    assertEquals(
        List.of(
            "would thaw the guest",
            "would remove the node sp-" + ID + "-1-file",
            "would remove the file " + overlay),
        one.done());
    assertTrue(agent.guestFrozen());
    assertTrue(Files.exists(overlay));
    assertEquals(1, nodes.size());
    assertEquals(before, Files.readString(journal.fileOf(ID)));
  }

  @Test
  void aMachineThatWasPausedRunsBeforeItIsThawed() {
    // given
    paused = true;
    written(Phase.HOLDING, living(), true, true);
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(List.of("resumed the machine", "thawed the guest"), one.done());
    assertFalse(paused);
    assertFalse(agent.guestFrozen());
    assertNothingLeftNow();
  }

  @Test
  void anAgentThatDoesNotAnswerIsMaybeFrozenAndKeptInMind() {
    // given
    written(Phase.HOLDING, living(), true, false);
    freeze();
    agent.stop();
    // when
    RecoveredOperation one = Recovery.of(journal).thawBound(Duration.ofMillis(500)).run().get(0);
    // then
    assertEquals(State.MAYBE_FROZEN, one.state(), one::toString);
    agent.resume();
    assertEquals(State.SETTLED, recovered().state());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aCutThatWasAppliedToAllDisksIsHandedOver() throws IOException {
    // given
    Path first = file("first");
    Path second = file("second");
    attached.addAll(List.of("sp-" + ID + "-1-overlay", "sp-" + ID + "-2-overlay"));
    nodes.addAll(attached);
    written(
        Phase.HOLDING,
        living(),
        true,
        false,
        disk(1, first, Optional.of(number(first))),
        disk(2, second, Optional.of(number(second))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertEquals(List.of("vd1", "vd2"), one.disks().stream().map(disk -> disk.disk()).toList());
    assertTrue(Files.exists(first) && Files.exists(second));
    assertEquals(2, nodes.size());
    assertNothingLeftNow();
  }

  @Test
  void aCutOfSomeDisksOnlyIsLeftAsItIsAndListed() throws IOException {
    // given
    Path first = file("first");
    Path second = file("second");
    attached.addAll(List.of("sp-" + ID + "-1-overlay", "base2"));
    nodes.addAll(List.of("sp-" + ID + "-1-overlay", "sp-" + ID + "-2-overlay", "base2"));
    written(
        Phase.RELEASED,
        living(),
        false,
        false,
        disk(1, first, Optional.of(number(first))),
        disk(2, second, Optional.of(number(second))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state());
    assertTrue(one.left().get(0).contains("only 1 of 2"), one::toString);
    assertTrue(one.left().get(1).contains(first + " (the machine writes to it)"), one::toString);
    assertTrue(one.left().get(2).endsWith(second.toString()), one::toString);
    assertEquals(3, nodes.size());
    assertTrue(Files.exists(first) && Files.exists(second));
    assertEquals(State.LEFT, recovered().state());
  }

  @Test
  void aCutThatIsBeingTakenBackIsLeftAsItIs() throws IOException {
    // given
    Path overlay = file("overlay");
    attached.add("base");
    nodes.addAll(List.of("base", "sp-" + ID + "-1-overlay"));
    monitor
        .on("query-jobs")
        .returns(
            "[{'id':'sp-"
                + ID
                + "-1-commit','type':'commit','status':'ready','current-progress':0,"
                + "'total-progress':0}]");
    written(Phase.RELEASED, living(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state());
    assertEquals(2, nodes.size());
    assertTrue(Files.exists(overlay));
  }

  @Test
  void onlyAFileThatIsProvablyOursIsRemoved() throws IOException {
    // given: three that were planned, of which one was made, and one that was replaced
    Path replaced = file("replaced");
    Path made = directory.resolve("made");
    Path filled = directory.resolve("filled");
    FileNumber another = new FileNumber(number(replaced).device(), number(replaced).inode() + 1);
    written(
        Phase.RESERVING,
        living(),
        false,
        false,
        disk(1, made, Optional.empty()),
        disk(2, filled, Optional.empty()),
        disk(3, replaced, Optional.of(another)));
    Files.createFile(made);
    file("filled");
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(Files.exists(made));
    assertTrue(Files.exists(filled) && Files.exists(replaced));
    assertEquals(2, one.notes().size(), one::toString);
  }

  @Test
  void anEmptyFileThatIsOlderThanThePlanIsNotOurs() throws Exception {
    // given
    Path older = Files.createFile(directory.resolve("older"));
    long made = System.nanoTime();
    while (System.nanoTime() - made < TimeUnit.MILLISECONDS.toNanos(60)) {
      Thread.onSpinWait();
    }
    written(Phase.RESERVING, living(), false, false, disk(1, older, Optional.empty()));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertTrue(Files.exists(older));
  }

  @Test
  void ofAMachineThatIsGoneOnlyFilesAreLeftAndUnusedOnesGo() throws IOException {
    // given
    Path overlay = file("overlay");
    written(Phase.PREPARING, gone(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(Files.exists(overlay));
    assertNothingLeftNow();
  }

  @Test
  void ofAMachineThatWasGoneInTheHoldBothImagesAreKeptAndNamed() throws IOException {
    // given
    Path overlay = file("overlay");
    written(Phase.HOLDING, gone(), true, true, disk(1, overlay, Optional.of(number(overlay))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().get(0).contains(overlay.toString()), one::toString);
    assertTrue(one.left().get(0).contains("/images/base1.qcow2"), one::toString);
    assertTrue(Files.exists(overlay));
    assertEquals(State.LEFT, recovered().state());
  }

  @Test
  void aGraphWithoutAnythingOfOursProvesNoMoreThatTheOverlayWasNotUsed() throws IOException {
    // given: a life of the machine that nothing tells from the one that was cut, on the old image
    Path overlay = file("overlay");
    attached.add("base");
    nodes.add("base");
    written(Phase.RELEASED, living(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().get(0).contains("the newest data is in the overlay"), one::toString);
    assertTrue(Files.exists(overlay));
  }

  @Test
  void aRefusalOfAFrozenGuestNamesTheOperationThatLeftItSo() {
    // given
    written(Phase.HOLDING, living(), true, false);
    var earlier = EarlierOperations.on(List.of(agent.endpoint()), journal);
    Failure frozen = Failure.of(ErrorCode.ALREADY_FROZEN, "frozen");
    // when
    SnapshotResult told = earlier.toldIn(SnapshotResult.notBegun(new SnapshotName("next"), frozen));
    // then
    String message = told.error().orElseThrow().message();
    assertEquals(ErrorCode.ALREADY_FROZEN, told.error().orElseThrow().code());
    assertTrue(message.contains(ID + " (snapshot nightly)"), message);
    assertTrue(message.contains("stillpoint recover"), message);
  }

  @Test
  void anotherLifeOfTheMachineIsNotThawed() {
    // given
    written(Phase.HOLDING, machine(GONE), true, true);
    freeze();
    paused = true;
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertTrue(agent.guestFrozen());
    assertTrue(paused);
  }

  @Test
  void aMachineThatCannotBeReachedAndMayLiveIsStillOwed() {
    // given
    String ours = ProcessIdentity.current().toString();
    MachineIdentity hidden =
        new MachineIdentity(gone().monitor(), gone().agent(), Optional.of(ours), Optional.empty());
    written(Phase.HOLDING, hidden, true, false);
    // when
    RecoveredOperation one = Recovery.of(journal).thawBound(Duration.ofMillis(300)).run().get(0);
    // then
    assertEquals(State.MAYBE_FROZEN, one.state(), one::toString);
  }

  @Test
  void aMachineThatSomebodyHasIsLeftAlone() {
    // given
    written(Phase.HOLDING, living(), true, false);
    freeze();
    try (MachineLock lock =
        MachineLock.take(List.of(agent.endpoint()), "cafe0002", "snapshot hourly")) {
      assertTrue(MachineLock.owner(List.of(agent.endpoint())).isPresent(), lock::toString);
      // when
      RecoveredOperation one = recovered();
      // then
      assertEquals(State.OWNED, one.state());
      assertTrue(
          one.notes().get(0).contains("operation cafe0002 (snapshot hourly)"), one::toString);
      assertTrue(agent.guestFrozen());
    }
  }

  @Test
  void aFileThatCannotBeReadIsToldAndLeftAlone() throws IOException {
    // given
    written(Phase.HOLDING, living(), true, false);
    Path file = journal.fileOf(ID);
    Files.writeString(file, "{\"stillpointJournal\":2}\n");
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state());
    assertTrue(one.left().get(0).contains(file.toString()), one::toString);
    assertEquals("{\"stillpointJournal\":2}\n", Files.readString(file));
  }

  @Test
  void aTornLineIsTakenForAFreezeThatWasBegun() throws IOException {
    // given
    Path overlay = file("overlay");
    nodes.add("sp-" + ID + "-1-file");
    written(
        Phase.PREPARING, living(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    Files.writeString(journal.fileOf(ID), "{\"stillpointJ", StandardOpenOption.APPEND);
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(agent.guestFrozen());
    assertFalse(Files.exists(overlay));
  }

  @Test
  void aRecoveryThatEndedInTheMiddleIsTakenUpByTheNext() throws IOException {
    // given
    Path overlay = file("overlay");
    nodes.addAll(List.of("sp-" + ID + "-1-file", "sp-" + ID + "-1-overlay"));
    written(Phase.HOLDING, living(), true, false, disk(1, overlay, Optional.of(number(overlay))));
    freeze();
    monitor.fault("blockdev-del", Fault.CLOSED);
    // when
    RecoveredOperation first = recovered();
    // then
    assertEquals(State.LEFT, first.state(), first::toString);
    assertFalse(agent.guestFrozen());
    assertTrue(Files.exists(overlay));
    assertEquals(State.SETTLED, recovered().state());
    assertFalse(Files.exists(overlay));
    assertEquals(List.of(), nodes);
    assertEquals(1, agent.thaws());
  }

  @Test
  void aSnapshotNamesTheEarlierOperationThatDidNotEnd() {
    // given
    written(Phase.HOLDING, living(), true, false);
    try (QmpClient qmp = QmpClient.connect(monitor.endpoint()).join();
        QgaClient qga = QgaClient.connect(agent.endpoint()).join()) {
      // when
      SnapshotResult result =
          SnapshotEngine.builder()
              .monitor(qmp)
              .agent(qga)
              .journal(journal)
              .build()
              .start(SnapshotRequest.named("next"))
              .result()
              .toCompletableFuture()
              .orTimeout(30, TimeUnit.SECONDS)
              .join();
      // then
      assertTrue(
          result.warnings().stream()
              .anyMatch(one -> one.contains(ID + " (snapshot nightly)") && one.contains("recover")),
          result::toString);
    }
  }
}
