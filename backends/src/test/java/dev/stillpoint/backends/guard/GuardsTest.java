package dev.stillpoint.backends.guard;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.lock.LockOwner;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How guards are started, and how often. */
@Timeout(90)
class GuardsTest {
  /** What the guard may take, in bytes: the promise of the documentation. */
  private static final long MAX_RESIDENT = 60_000_000;

  @TempDir private Path directory;
  private final FakeAgent agent = FakeAgent.start();
  private final QgaClient qga = QgaClient.connect(agent.endpoint()).join();
  private final List<Process> launched = new ArrayList<>();

  @AfterEach
  void close() {
    qga.close();
    agent.close();
  }

  private GuardLaunch counting(GuardLaunch how) {
    return (mainClass, arguments) -> {
      Process process = how.launch(mainClass, arguments);
      launched.add(process);
      return process;
    };
  }

  private Freezer freezer(OperationGuard guard) {
    QuiesceCheck check =
        new GuardedQuiescer(new GuestQuiescer(qga, Optional.empty()), qga, guard)
            .check(
                new QuiesceOrder(FreezeScope.everything(), List.of()),
                Deadline.after(ArmedGuard.PATIENCE))
            .toCompletableFuture()
            .join();
    return ((QuiesceCheck.Ready) check).freezer();
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  private static OperationGuard guard(Guards guards, String id) {
    return new OperationGuard(guards, id, "test", Optional.empty());
  }

  private void freezeAndThaw(Guards guards, String id) {
    OperationGuard guard = guard(guards, id);
    Freezer freezer = freezer(guard);
    join(freezer.freeze(Deadline.after(ArmedGuard.PATIENCE)));
    assertTrue(agent.guestFrozen());
    assertTrue(join(freezer.thaw(Deadline.after(ArmedGuard.PATIENCE))).freezeHeld());
    freezer.release();
  }

  @Test
  void oneProcessGuardsManyOperationsOneAfterTheOther() throws Exception {
    try (Guards guards = Guards.kept().launchedBy(counting(GuardLaunch.standard()))) {
      for (int i = 0; i < 5; i++) {
        freezeAndThaw(guards, "cafe000" + i);
      }
      assertEquals(1, launched.size());
      assertTrue(launched.get(0).isAlive());
    }
    assertTrue(launched.get(0).waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, launched.get(0).exitValue());
  }

  @Test
  void aFreshOneGoesWithItsOperation() throws Exception {
    Guards guards = Guards.fresh().launchedBy(counting(GuardLaunch.standard()));

    freezeAndThaw(guards, "cafe0001");
    freezeAndThaw(guards, "cafe0002");

    assertEquals(2, launched.size());
    for (Process process : launched) {
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void oneThatWasReusedStillThaws() throws Exception {
    try (Guards guards = Guards.kept().launchedBy(counting(GuardLaunch.standard()))) {
      freezeAndThaw(guards, "cafe0001");
      ArmedGuard armed =
          ArmedGuard.of(guards.take(), Optional.empty(), Optional.of(qga), directory);
      qga.execute(new GuestFsfreezeFreeze()).join();
      // when
      armed.ownerEnds();
      // then
      armed.awaitDone("thawed");
      assertFalse(agent.guestFrozen());
      assertEquals(1, launched.size());
    }
  }

  @Test
  void aLaunchThatFailsFreezesNothing() {
    GuardLaunch broken =
        (mainClass, arguments) -> {
          throw new IOException("no JVM here");
        };
    OperationGuard guard = guard(Guards.fresh().launchedBy(broken), "cafe0001");
    Freezer freezer = freezer(guard);
    // when
    CompletionException thrown =
        assertThrows(
            CompletionException.class,
            () -> join(freezer.freeze(Deadline.after(ArmedGuard.PATIENCE))));
    freezer.release();
    // then
    var failure = (FreezeException) Objects.requireNonNull(thrown.getCause());
    assertEquals(ErrorCode.GUARD_FAILED, failure.failure().code());
    assertTrue(failure.failure().message().contains("no JVM here"));
    assertTrue(failure.writtenNanos().isEmpty());
    assertEquals(0, agent.freezes());
  }

  @Test
  void aFreezeWhoseOperationDidNotWaitForTheGuardIsNeverWritten() {
    // given: a guard that takes its time
    var go = new CountDownLatch(1);
    Freezer freezer = freezer(guard(Guards.fresh().launchedBy(counting(after(go))), "cafe0001"));
    var frozen = freezer.freeze(Deadline.after(ArmedGuard.PATIENCE)).toCompletableFuture();
    // when: the operation is cancelled
    ThawReport thawed = join(freezer.thaw(Deadline.after(ArmedGuard.PATIENCE)));
    go.countDown();
    // then
    await().atMost(ArmedGuard.PATIENCE).until(frozen::isDone);
    freezer.release();
    assertTrue(frozen.isCompletedExceptionally());
    await().atMost(ArmedGuard.PATIENCE).until(() -> !launched.get(0).isAlive());
    assertFalse(thawed.freezeHeld());
    assertEquals(0, agent.freezes());
    assertEquals(0, agent.thaws());
  }

  @Test
  void anOperationThatEndsWhileItsGuardIsArmedLeavesNobodyArmed() throws Exception {
    // given
    var go = new CountDownLatch(1);
    try (Guards guards = Guards.kept().launchedBy(counting(after(go)))) {
      OperationGuard guard = guard(guards, "cafe0001");
      CompletionStage<Guard> armed = guard.armForFreeze(qga);
      guard.thawed(false);
      // when
      guard.end();
      go.countDown();
      // then: it may be armed for a moment, and has let go of its locks after that
      join(armed.handle((done, thrown) -> true));
      await().atMost(ArmedGuard.PATIENCE).until(() -> isFree(guards));
      assertThrows(CompletionException.class, () -> join(guard.armForFreeze(qga)));
    }
  }

  /** Whether the agent can be guarded anew. */
  private boolean isFree(Guards guards) {
    OperationGuard next = guard(guards, "cafe0002");
    boolean armed = join(next.armForFreeze(qga).handle((guard, thrown) -> thrown == null));
    next.thawed(false);
    next.end();
    return armed;
  }

  @Test
  void aGuardThatWasEndedIsReplacedWhereSomethingIsOwedAlsoOverALostConnection() throws Exception {
    // given
    Guards guards = Guards.fresh().launchedBy(counting(GuardLaunch.standard()));
    OperationGuard guard = guard(guards, "cafe0001");
    join(guard.armForFreeze(qga));
    qga.execute(new GuestFsfreezeFreeze()).join();
    endTheFirst();
    qga.close();
    // when
    guard.end();
    // then
    Process last = launched.get(launched.size() - 1);
    assertTrue(guard.pursuer().orElseThrow().contains(" " + last.pid() + ","));
    await().atMost(ArmedGuard.PATIENCE).until(() -> !agent.guestFrozen());
    last.destroy();
    assertTrue(last.waitFor(30, TimeUnit.SECONDS));
  }

  @Test
  void nobodyIsNamedWhereNobodyTakesItsPlace() throws Exception {
    // given
    GuardLaunch once =
        (mainClass, arguments) -> {
          if (!launched.isEmpty()) {
            throw new IOException("no more processes");
          }
          return counting(GuardLaunch.standard()).launch(mainClass, arguments);
        };
    OperationGuard guard = guard(Guards.fresh().launchedBy(once), "cafe0001");
    join(guard.armForFreeze(qga));
    qga.execute(new GuestFsfreezeFreeze()).join();
    endTheFirst();
    // when
    guard.end();
    // then
    assertEquals(Optional.empty(), guard.pursuer());
    assertTrue(qga.isOpen());
    qga.execute(new GuestFsfreezeThaw()).join();
  }

  private void endTheFirst() throws InterruptedException {
    launched.get(0).destroyForcibly().waitFor();
  }

  @Test
  void whoIsRefusedLeavesTheNoteOfWhoeverHoldsTheMachine() throws Exception {
    // given
    OperationGuard first =
        guard(Guards.fresh().launchedBy(counting(GuardLaunch.standard())), "cafe0001");
    join(first.armForFreeze(qga));
    try (Guards guards = Guards.kept().launchedBy(counting(GuardLaunch.standard()))) {
      // when
      OperationGuard second = guard(guards, "cafe0002");
      CompletionException refused =
          assertThrows(CompletionException.class, () -> join(second.armForFreeze(qga)));
      second.thawed(false);
      second.end();
      // then
      assertTrue(String.valueOf(refused.getMessage()).contains("another guard"), refused::toString);
      LockOwner owner = MachineLock.owner(List.of(agent.endpoint())).orElseThrow();
      assertEquals("cafe0001", owner.operation());
      // and it has the connection by now, so that it serves nobody else
      assertTrue(launched.get(1).waitFor(30, TimeUnit.SECONDS));
    }
    first.thawed(true);
    first.end();
  }

  private static GuardLaunch after(CountDownLatch go) {
    return (mainClass, arguments) -> {
      try {
        go.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return GuardLaunch.standard().launch(mainClass, arguments);
    };
  }

  @Test
  void aFreezeThatWaitsForTheGuardOfAPauseIsNotWrittenAfterItsThaw() {
    // given: the agent has no guard, and that of the pause takes its time
    var go = new CountDownLatch(1);
    OperationGuard guard = guard(Guards.fresh().launchedBy(counting(after(go))), "cafe0001");
    try (FakeQmpServer monitor = FakeQmpServer.start();
        QmpClient qmp = QmpClient.connect(monitor.endpoint()).join()) {
      guard.willPause(qmp);
      var freezer =
          new PauseGuardedFreezer(new GuestQuiescer(qga, Optional.empty()).freezer(), guard);
      var frozen = freezer.freeze(Deadline.after(ArmedGuard.PATIENCE)).toCompletableFuture();
      // when: the operation is cancelled
      ThawReport thawed = join(freezer.thaw(Deadline.after(ArmedGuard.PATIENCE)));
      go.countDown();
      // then
      await().atMost(ArmedGuard.PATIENCE).until(frozen::isDone);
      freezer.release();
      guard.resumed(false);
      guard.end();
      assertTrue(frozen.isCompletedExceptionally());
      assertFalse(thawed.freezeHeld());
      assertEquals(0, agent.freezes());
      assertFalse(agent.guestFrozen());
    }
  }

  @Test
  void itRunsFromOneFatJarOfOursAndJunixsocketAndIsSmall() throws Exception {
    // given
    Path loaded = directory.resolve("classes.log");
    GuardLaunch launch = GuardLaunch.fromClassPath(fatJar().toString(), logging(loaded));
    ArmedGuard armed =
        ArmedGuard.of(Guard.start(counting(launch)), Optional.empty(), Optional.of(qga), directory);
    qga.execute(new GuestFsfreezeFreeze()).join();
    GuardState state =
        GuardContact.of(List.of(agent.endpoint()))
            .flatMap(guard -> guard.state(ArmedGuard.PATIENCE))
            .orElseThrow();
    assertEquals(GuardState.Phase.HELD, state.phase());
    assertEquals("thaw", state.owed());
    long resident = resident(state.guard().pid());
    // when
    armed.ownerEnds();
    // then
    armed.awaitDone("thawed");
    assertFalse(agent.guestFrozen());
    assertTrue(launched.get(0).waitFor(30, TimeUnit.SECONDS));
    assertTrue(resident < MAX_RESIDENT, () -> "the guard takes " + resident + " bytes");
    assertOnlyOursAndJunixsocket(loaded);
  }

  private static List<String> logging(Path log) {
    return List.of("-Xlog:class+load:file=" + log + "::filecount=0");
  }

  /** The class path has no more, so that what needed more would have failed; this says what. */
  private static void assertOnlyOursAndJunixsocket(Path log) throws IOException {
    try (Stream<String> lines = Files.lines(log)) {
      List<String> loaded =
          lines
              .filter(line -> line.contains("source: file:") || line.contains("source: jar:"))
              .map(line -> line.replaceAll("^(\\[[^]]*\\])* *", "").split(" ", 2)[0])
              .toList();
      assertTrue(loaded.contains(GuardProcess.class.getName()), loaded::toString);
      List<String> others =
          loaded.stream()
              .filter(name -> !name.startsWith("org.newsclub."))
              .filter(name -> !name.startsWith("dev.stillpoint.backends."))
              .toList();
      assertEquals(List.of(), others);
    }
  }

  private static long resident(long pid) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"))) {
      String line = lines.filter(one -> one.startsWith("VmRSS:")).findFirst().orElseThrow();
      return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
    }
  }

  /** Our classes and junixsocket's, and nobody else's, in one file. */
  private Path fatJar() throws IOException {
    Path fat = directory.resolve("fat.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(fat))) {
      var seen = new HashSet<String>();
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        Path path = Path.of(entry);
        if (Files.isDirectory(path)) {
          addDirectory(path, out, seen);
        } else if (entry.contains("junixsocket") || entry.contains("stillpoint-")) {
          addJar(path, out, seen);
        }
      }
    }
    return fat;
  }

  private static void addDirectory(Path root, JarOutputStream out, Set<String> seen)
      throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        add(root.relativize(file).toString(), Files.readAllBytes(file), out, seen);
      }
    }
  }

  private static void addJar(Path jar, JarOutputStream out, Set<String> seen) throws IOException {
    try (var in = new JarFile(jar.toFile())) {
      for (JarEntry entry : in.stream().filter(one -> !one.isDirectory()).toList()) {
        try (var bytes = in.getInputStream(entry)) {
          add(entry.getName(), bytes.readAllBytes(), out, seen);
        }
      }
    }
  }

  private static void add(String name, byte[] bytes, JarOutputStream out, Set<String> seen)
      throws IOException {
    if (seen.add(name)) {
      out.putNextEntry(new JarEntry(name));
      out.write(bytes);
      out.closeEntry();
    }
  }
}
