package dev.stillpoint.backends.guest;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qga.testing.FakeDisk;
import dev.stillpoint.qga.testing.FakeFileSystem;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an agent's guest is asked before a freeze, and what its freeze and thaw are worth. */
@SuppressWarnings("NullAway.Init")
class GuestQuiescerTest {
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final QuiesceOrder EVERYTHING =
      new QuiesceOrder(FreezeScope.everything(), List.of());

  private FakeAgent agent;
  private QgaClient client;

  @BeforeEach
  void connect() {
    agent = FakeAgent.start();
    client = QgaClient.connect(agent.endpoint()).join();
  }

  @AfterEach
  void close() {
    client.close();
    agent.close();
  }

  private QuiesceCheck check(QuiesceOrder order) {
    return new GuestQuiescer(client, Optional.empty())
        .check(order, Deadline.after(LONG))
        .toCompletableFuture()
        .join();
  }

  private QuiesceCheck.Ready ready(QuiesceOrder order) {
    return assertInstanceOf(QuiesceCheck.Ready.class, check(order));
  }

  private static FreezeReport freeze(Freezer freezer, Duration within) {
    return freezer.freeze(Deadline.after(within)).toCompletableFuture().join();
  }

  private static ThawReport thaw(Freezer freezer) {
    return freezer.thaw(Deadline.after(LONG)).toCompletableFuture().join();
  }

  @Test
  void aFreezeThatHeldIsAFileSystemsWorth() {
    Freezer freezer = ready(EVERYTHING).freezer();

    FreezeReport frozen = freeze(freezer, LONG);
    ThawReport thawed = thaw(freezer);

    assertEquals(3, frozen.fileSystems());
    assertEquals(Consistency.FILESYSTEM, thawed.reached());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aGuestThatSomebodyElseHasFrozenIsRefused() {
    client.execute(new dev.stillpoint.qga.qapi.GuestFsfreezeFreeze()).join();

    QuiesceCheck check = check(EVERYTHING);

    var refused = assertInstanceOf(QuiesceCheck.Refused.class, check);
    assertEquals(ErrorCode.ALREADY_FROZEN, refused.reason().code());
    assertTrue(agent.guestFrozen());
  }

  @Test
  void onlyTheFileSystemsOfTheChosenDisksFreeze() {
    var disks = List.of(serial("disk0"), serial("disk2"));

    QuiesceCheck.Ready ready = ready(new QuiesceOrder(FreezeScope.chosenDisks(), disks));
    FreezeReport frozen = freeze(ready.freezer(), LONG);

    assertEquals(Set.of("/mnt/0", "/mnt/2"), Set.copyOf(agent.guest().frozen()));
    assertEquals(2, frozen.fileSystems());
    assertTrue(ready.notCovered().toString().contains("/mnt/1"), ready::toString);
    assertEquals(Consistency.FILESYSTEM, thaw(ready.freezer()).reached());
  }

  private static CutDisk serial(String serial) {
    return new CutDisk(serial, Optional.of(serial), Optional.empty(), Optional.empty(), Set.of());
  }

  @Test
  void aMountPointThatTheAgentWouldIgnoreIsAnError() {
    QuiesceCheck check =
        check(new QuiesceOrder(FreezeScope.mountpoints(List.of("/nowhere")), List.of()));

    var refused = assertInstanceOf(QuiesceCheck.Refused.class, check);
    assertEquals(ErrorCode.BAD_REQUEST, refused.reason().code());
  }

  @Test
  void aFileSystemThatQuietlyDidNotFreezeIsNoticed() {
    agent
        .guest()
        .mounts(
            List.of(
                FakeFileSystem.of("vda", "/", "ext4", FakeDisk.serial("a")),
                FakeFileSystem.of("vdb", "/odd", "ext4", FakeDisk.serial("b"))
                    .whose(FakeFileSystem.Freezing.SKIPPED)));
    Freezer freezer = ready(EVERYTHING).freezer();

    freeze(freezer, LONG);
    ThawReport thawed = thaw(freezer);

    assertEquals(Consistency.CRASH, thawed.reached());
    assertTrue(thawed.reasons().toString().contains("of 2 file systems only 1"), thawed::toString);
  }

  @Test
  void excludingItMakesTheRestWorthAFileSystem() {
    agent
        .guest()
        .mounts(
            List.of(
                FakeFileSystem.of("vda", "/", "ext4", FakeDisk.serial("a")),
                FakeFileSystem.of("vdb", "/odd", "ext4", FakeDisk.serial("b"))
                    .whose(FakeFileSystem.Freezing.SKIPPED)));
    QuiesceCheck.Ready ready =
        ready(new QuiesceOrder(FreezeScope.everything().without("/odd"), List.of()));

    freeze(ready.freezer(), LONG);

    assertEquals(Consistency.FILESYSTEM, thaw(ready.freezer()).reached());
    assertTrue(ready.notCovered().toString().contains("/odd"), ready::toString);
  }

  @Test
  void aFileSystemThatWasThawedBehindTheAgentsBackIsNoticed() {
    Freezer freezer = ready(EVERYTHING).freezer();
    freeze(freezer, LONG);

    agent.guest().thawsByItself("/mnt/1");

    assertEquals(Consistency.CRASH, thaw(freezer).reached());
  }

  @Test
  void anAgentThatMayNotThawIsNotAskedToFreeze() {
    agent.guest().disables("guest-fsfreeze-thaw");

    QuiesceCheck check = check(EVERYTHING);

    var none = assertInstanceOf(QuiesceCheck.Unavailable.class, check);
    assertTrue(none.reason().message().contains("guest-fsfreeze-thaw"), none::toString);
  }

  @Test
  void aGuestThatServesItsOwnStorageIsRefused() {
    agent
        .guest()
        .answers("guest-get-host-name", arguments -> object().put("host-name", "Filer"))
        .answers("guest-network-get-interfaces", arguments -> JsonNodeFactory.instance.arrayNode());
    var disk =
        new CutDisk(
            "vd0", Optional.of("disk0"), Optional.empty(), Optional.empty(), Set.of("filer"));

    QuiesceCheck check = check(new QuiesceOrder(FreezeScope.everything(), List.of(disk)));

    var refused = assertInstanceOf(QuiesceCheck.Refused.class, check);
    assertTrue(refused.reason().message().contains("this very guest"), refused::toString);
  }

  private static com.fasterxml.jackson.databind.node.ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  @Test
  void windowsHasItsOwnPaceAndItsThawProvesTheApplications() {
    agent.guest().windows();
    QuiesceCheck.Ready ready = ready(EVERYTHING);

    freeze(ready.freezer(), LONG);
    ThawReport thawed = thaw(ready.freezer());

    assertEquals(GuestQuiescer.WINDOWS_FREEZE, ready.pace().orElseThrow().freeze());
    assertEquals(Consistency.APPLICATION, thawed.reached());
  }

  @Test
  void writersThatExpiredAreToldByTheThaw() {
    agent.guest().windows();
    Freezer freezer = ready(EVERYTHING).freezer();
    freeze(freezer, LONG);

    agent.guest().expireWriters();
    ThawReport thawed = thaw(freezer);

    assertEquals(Consistency.CRASH, thawed.reached());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aFreezeHookThatFailsIsToldInItsOwnWordsAndAThawIsStillOwed() {
    agent.guest().failsFreezeHook();
    Freezer freezer = ready(EVERYTHING).freezer();

    var failed = assertThrows(CompletionException.class, () -> freeze(freezer, LONG));

    var told = assertInstanceOf(FreezeException.class, failed.getCause());
    assertTrue(told.failure().message().contains("hook has failed"), told::toString);
    assertTrue(told.writtenNanos().isPresent());
    thaw(freezer);
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aThawHookThatFailsIsAWarningAndTheStatusIsTheTruth() {
    agent.guest().failsThawHook();
    Freezer freezer = ready(EVERYTHING).freezer();
    freeze(freezer, LONG);

    ThawReport thawed = thaw(freezer);

    assertTrue(thawed.warnings().toString().contains("hook has failed"), thawed::toString);
    assertEquals(Consistency.CRASH, thawed.reached());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aFreezeWhoseReplyIsLostIsThawedOnTheSameConnection() {
    agent.fault("guest-fsfreeze-freeze", Fault.LOST);
    Freezer freezer = ready(EVERYTHING).freezer();

    assertThrows(CompletionException.class, () -> freeze(freezer, SHORT));
    assertTrue(agent.guestFrozen());
    ThawReport thawed = thaw(freezer);

    assertEquals(Consistency.CRASH, thawed.reached());
    assertFalse(agent.guestFrozen());
    assertTrue(client.isOpen());
  }

  @Test
  void aThawDoesNotWaitBehindAFreezeThatIsNeverAnswered() {
    agent.fault("guest-fsfreeze-freeze", Fault.LOST);
    Freezer freezer = ready(EVERYTHING).freezer();
    CompletableFuture<FreezeReport> freezing =
        freezer.freeze(Deadline.after(Duration.ofHours(1))).toCompletableFuture();

    thaw(freezer);

    assertFalse(agent.guestFrozen());
    assertTrue(freezing.isCompletedExceptionally());
  }

  @Test
  void anAgentThatMayNotThawAnyMoreHasNotThawedWhateverItsStatusSays() {
    Freezer freezer = ready(EVERYTHING).freezer();
    freeze(freezer, LONG);
    agent.restart(false);
    agent.guest().disables("guest-fsfreeze-thaw");

    var failed = assertThrows(CompletionException.class, () -> thaw(freezer));

    assertTrue(String.valueOf(failed.getMessage()).contains("guest-fsfreeze-thaw"));
    assertTrue(agent.guestFrozen());
  }

  @Test
  void anAgentThatForgotItsFreezeIsMadeToThawAllTheSame() {
    Freezer freezer = ready(EVERYTHING).freezer();
    freeze(freezer, LONG);

    agent.restart(false);
    thaw(freezer);

    assertFalse(agent.guestFrozen());
  }

  @Test
  void anAgentWhosePortIsClosedIsNotWaitedFor() {
    try (FakeQmpServer qemu = monitorWithPort(false);
        QmpClient monitor = QmpClient.connect(qemu.endpoint()).join()) {
      agent.stop();

      QuiesceCheck check =
          new GuestQuiescer(client, Optional.of(monitor))
              .check(EVERYTHING, Deadline.after(LONG))
              .toCompletableFuture()
              .join();

      var none = assertInstanceOf(QuiesceCheck.Unavailable.class, check);
      assertTrue(none.reason().message().contains("port"), none::toString);
    }
  }

  @Test
  void anAgentThatLeavesDuringTheFreezeEndsTheWaitAtOnce() throws Exception {
    try (FakeQmpServer qemu = monitorWithPort(true);
        QmpClient monitor = QmpClient.connect(qemu.endpoint()).join()) {
      var quiescer = new GuestQuiescer(client, Optional.of(monitor));
      var ready =
          assertInstanceOf(
              QuiesceCheck.Ready.class,
              quiescer.check(EVERYTHING, Deadline.after(LONG)).toCompletableFuture().join());
      agent.stop();

      CompletableFuture<FreezeReport> freezing =
          ready.freezer().freeze(Deadline.after(LONG)).toCompletableFuture();
      qemu.event("VSERPORT_CHANGE", "{\"id\": \"other\", \"open\": false}");
      qemu.event("VSERPORT_CHANGE", "{\"id\": \"agent\", \"open\": false}");

      CompletableFuture<Throwable> end = freezing.handle((report, thrown) -> thrown);
      Throwable told = end.get(LONG.toMillis() / 2, TimeUnit.MILLISECONDS);
      assertTrue(String.valueOf(told).contains("its agent left"), String.valueOf(told));
      agent.resume();
      thaw(ready.freezer());
      assertFalse(agent.guestFrozen());
    }
  }

  @Test
  void whatHappensToAnotherPortIsNotTheAgents() {
    try (FakeQmpServer qemu = monitorWithPort(false);
        QmpClient monitor = QmpClient.connect(qemu.endpoint()).join();
        AgentPresence presence =
            AgentPresence.watch(monitor, client.endpoint(), LONG).join().orElseThrow()) {
      CompletableFuture<Void> departure = presence.departure();

      qemu.event("VSERPORT_CHANGE", "{\"id\": \"other\", \"open\": false}");
      qemu.event("VSERPORT_CHANGE", "{\"id\": \"agent\", \"open\": true}");

      await().until(presence::isOpen);
      assertFalse(departure.isDone());
      assertEquals(1, presence.incarnation());
    }
  }

  @Test
  void anotherAgentThanTheOneThatFrozeHasToShowThatItIsInStep() {
    try (FakeQmpServer qemu = monitorWithPort(true);
        QmpClient monitor = QmpClient.connect(qemu.endpoint()).join()) {
      var quiescer = new GuestQuiescer(client, Optional.of(monitor));
      var ready =
          assertInstanceOf(
              QuiesceCheck.Ready.class,
              quiescer.check(EVERYTHING, Deadline.after(LONG)).toCompletableFuture().join());
      freeze(ready.freezer(), LONG);
      int before = agent.commands().size();

      qemu.event("VSERPORT_CHANGE", "{\"id\": \"agent\", \"open\": false}");
      agent.restart(false);
      qemu.event("VSERPORT_CHANGE", "{\"id\": \"agent\", \"open\": true}");
      // The events come before the answer to a later question.
      monitor.execute(new dev.stillpoint.qmp.qapi.QueryChardev()).join();
      thaw(ready.freezer());

      List<String> since = agent.commands().subList(before, agent.commands().size());
      assertEquals("guest-sync-delimited", since.get(0), since::toString);
      assertFalse(agent.guestFrozen());
    }
  }

  private FakeQmpServer monitorWithPort(boolean open) {
    FakeQmpServer qemu = FakeQmpServer.start();
    String path = client.endpoint().toString().substring("unix:".length());
    qemu.on("query-chardev")
        .returns(
            "[{\"label\": \"qga\", \"filename\": \"unix:"
                + path
                + ",server=on\", \"frontend-open\": "
                + open
                + "}]");
    qemu.on("qom-list").returns("[{\"name\": \"agent\", \"type\": \"child<virtserialport>\"}]");
    qemu.on("qom-get").returns("\"qga\"");
    return qemu;
  }
}
