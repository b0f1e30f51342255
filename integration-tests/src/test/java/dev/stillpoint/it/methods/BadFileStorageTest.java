package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.btrfs.BtrfsProvider;
import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.MissingProgramException;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.reflink.ReflinkProvider;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code btrfs} and {@code reflink} make of what they cannot serve, and of odd names. */
class BadFileStorageTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final Pattern NO_DISK = Pattern.compile("");

  @SuppressWarnings("NullAway.Init")
  private static LoopMount btrfs;

  @BeforeAll
  static void mount() {
    btrfs = LoopMount.btrfs(256L << 20);
  }

  @AfterAll
  static void unmount() {
    btrfs.close();
  }

  private static SnapshotMethod method(String name, Programs programs) {
    Services services = Services.none().with(Programs.class, programs);
    return name.equals("btrfs")
        ? new BtrfsProvider().create(services)
        : new ReflinkProvider().create(services);
  }

  private static SnapshotMethod method(String name) {
    return method(name, new LocalPrograms());
  }

  private static Deadline deadline() {
    return Deadline.after(PATIENCE);
  }

  private static CutOrder order(LocatedDisk disk) {
    return new CutOrder("00c0ffee", NIGHTLY, List.of(disk));
  }

  /** A snapshot up to the cut; what fails is cleaned. */
  private static DiskSnapshot snapshot(SnapshotMethod method, LocatedDisk disk) {
    Cut cut = method.check(order(disk), deadline()).toCompletableFuture().join();
    try {
      cut.reserve(deadline()).toCompletableFuture().join();
      cut.prepare(deadline()).toCompletableFuture().join();
      cut.cut(deadline()).toCompletableFuture().join();
      return cut.settle(deadline()).toCompletableFuture().join().disks().get(0);
    } finally {
      cut.clean(deadline()).toCompletableFuture().join();
    }
  }

  private static Failure refused(SnapshotMethod method, LocatedDisk disk) {
    var thrown = assertThrows(CompletionException.class, () -> snapshot(method, disk));
    assertTrue(thrown.getCause() instanceof SnapshotException, thrown::toString);
    return SnapshotException.failureOf(thrown, ErrorCode.INTERNAL);
  }

  private static Set<String> contents(Path home) throws IOException {
    return FileDisks.contents(home, NO_DISK);
  }

  /** A subvolume for one test. */
  private static Path newHome() throws IOException {
    Path home = Files.createTempDirectory(btrfs.path(), "vm").resolve("home");
    HostCommand.run(btrfs.path(), List.of("btrfs", "subvolume", "create", home.toString()));
    return home;
  }

  @ParameterizedTest
  @ValueSource(strings = {"btrfs", "reflink"})
  void anExt4IsRefused(String name) throws Exception {
    try (LoopMount ext4 = LoopMount.ext4(16 << 20)) {
      LocatedDisk disk = FileDisks.make(ext4.path().resolve("d.raw"), name, "old");
      Set<String> before = contents(ext4.path());
      Failure failure = refused(method(name), disk);
      assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code(), failure::toString);
      assertTrue(failure.message().contains("ext4"), failure::message);
      assertEquals(before, contents(ext4.path()));
    }
  }

  @Test
  void anXfsThatSharesNoBlocksIsRefused() throws Exception {
    try (LoopMount xfs = LoopMount.xfsWithoutReflink(320L << 20)) {
      LocatedDisk disk = FileDisks.make(xfs.path().resolve("d.raw"), "reflink", "old");
      Failure failure = refused(method("reflink"), disk);
      assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code(), failure::toString);
      assertTrue(failure.message().contains("reflink=1"), failure::message);
    }
  }

  @ParameterizedTest
  @CsvSource({"btrfs, btrfs", "reflink, cp"})
  void aMissingProgramIsNamed(String name, String program) throws Exception {
    LocatedDisk disk = FileDisks.make(newHome().resolve("d.raw"), name, "old");
    Failure failure = refused(method(name, new Without(program)), disk);
    assertEquals(ErrorCode.TOOL_MISSING, failure.code(), failure::toString);
    assertTrue(failure.message().contains("program " + program), failure::message);
  }

  /** All programs but one. */
  private record Without(String program) implements Programs {
    @Override
    public String place() {
      return "this host";
    }

    private Programs others(List<String> command) throws IOException {
      if (command.get(0).equals(program)) {
        throw new MissingProgramException(program, place());
      }
      return new LocalPrograms();
    }

    @Override
    public Said run(List<String> command, Deadline deadline) throws IOException {
      return others(command).run(command, deadline);
    }

    @Override
    public Said runToEnd(List<String> command) throws IOException {
      return others(command).runToEnd(command);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"btrfs", "reflink"})
  void aReadOnlyFileSystemIsRefused(String name) throws Exception {
    LocatedDisk disk = FileDisks.make(newHome().resolve("d.raw"), name, "old");
    btrfs.remount(true);
    try {
      Failure failure = refused(method(name), disk);
      assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code(), failure::toString);
      assertTrue(failure.message().contains("read-only"), failure::message);
    } finally {
      btrfs.remount(false);
    }
  }

  @ParameterizedTest
  @CsvSource({"btrfs, btrfs", "reflink, btrfs", "reflink, xfs"})
  void aFileSystemWithoutRoomLeavesNothing(String name, String type) throws Exception {
    // given a file system that is full to the last block
    try (LoopMount full =
        type.equals("xfs") ? LoopMount.xfs(320L << 20) : LoopMount.btrfs(128L << 20)) {
      LocatedDisk disk = FileDisks.make(full.path().resolve("d.raw"), name, "old");
      fill(full.path());
      Set<String> before = contents(full.path());
      // when it may succeed, for a snapshot takes next to nothing, or say that there is no room
      boolean made;
      try {
        DiskSnapshot snapshot = snapshot(method(name), disk);
        assertEquals("old", FileDisks.read(snapshot.backupSource()));
        made = true;
        method(name).delete(disk, NIGHTLY, deadline()).toCompletableFuture().join();
      } catch (CompletionException e) {
        made = false;
        Failure failure = SnapshotException.failureOf(e, ErrorCode.INTERNAL);
        assertEquals(ErrorCode.NO_SPACE, failure.code(), failure::toString);
      }
      // then
      assertEquals(before, contents(full.path()), "made: " + made);
      assertEquals("old", FileDisks.read(disk.source()));
    }
  }

  /** Data first, then files that have no data, until there is room for neither. */
  private static void fill(Path home) throws IOException {
    HostCommand.attempt(
        home, List.of("dd", "if=/dev/zero", "of=" + home.resolve("filler"), "bs=1M", "oflag=sync"));
    String name = "x".repeat(200);
    try {
      Path many = Files.createDirectory(home.resolve("many"));
      for (int i = 0; i < 200_000; i++) {
        Files.writeString(many.resolve(name + i), name);
      }
    } catch (IOException full) {
      return;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"btrfs", "reflink"})
  void oddNamesOfImagesAreTakenAsTheyAre(String name) throws Exception {
    for (String odd :
        List.of("-r", "--help", "a b", "a'b\"c", "a\nb.raw", "a\\b", "$(x);`y`", ".hidden", "ä€")) {
      // given
      Path home = newHome();
      HostCommand.run(home, List.of("btrfs", "subvolume", "create", "./" + odd));
      LocatedDisk disk = FileDisks.make(home.resolve(odd).resolve(odd), name, "old");
      Set<String> before = contents(home);
      // when
      DiskSnapshot snapshot = snapshot(method(name), disk);
      FileDisks.write(disk, "new");
      // then
      assertEquals("old", FileDisks.read(snapshot.backupSource()), odd);
      assertEquals(1, method(name).list(disk, deadline()).toCompletableFuture().join().size(), odd);
      method(name).revert(disk, NIGHTLY, deadline()).toCompletableFuture().join();
      assertEquals("old", FileDisks.read(disk.source()), odd);
      method(name).delete(disk, NIGHTLY, deadline()).toCompletableFuture().join();
      assertEquals(before.size(), contents(home).size(), odd);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "btrfs, snapshots, relative",
    "btrfs, snapshots, /nowhere/at/all",
    "btrfs, snapshots, /proc",
    "reflink, file, relative",
    "reflink, file, /nowhere/at/all",
    "reflink, file, /proc/self",
    "reflink, file, /"
  })
  void aPlaceThatCannotBeIsRefused(String name, String option, String value) throws Exception {
    Path home = newHome();
    LocatedDisk plain = FileDisks.make(home.resolve("d.raw"), name, "old");
    Failure failure = refused(method(name), FileDisks.with(plain, Map.of(option, value)));
    assertEquals(ErrorCode.BAD_REQUEST, failure.code(), failure::toString);
    String told = value.equals("/proc/self") ? "/proc" : value;
    assertTrue(failure.message().contains(told), failure::message);
  }

  @ParameterizedTest
  @CsvSource({"btrfs, .stillpoint/nightly/snapshot", "reflink, d.nightly.raw"})
  void whatAppearsAfterThePreparationIsNotOverwritten(String name, String place) throws Exception {
    // given
    Path home = newHome();
    Path root = home.resolve("vm");
    HostCommand.run(home, List.of("btrfs", "subvolume", "create", root.toString()));
    LocatedDisk disk = FileDisks.make(root.resolve("d.raw"), name, "old");
    Cut cut = method(name).check(order(disk), deadline()).toCompletableFuture().join();
    cut.prepare(deadline()).toCompletableFuture().join();
    Path taken = root.resolve(place);
    Path kept = name.equals("btrfs") ? Files.createDirectory(taken).resolve("file") : taken;
    Files.writeString(kept, "somebody else's");
    // when
    assertThrows(CompletionException.class, () -> cut.cut(deadline()).toCompletableFuture().join());
    // then
    cut.clean(deadline()).exceptionally(thrown -> null).toCompletableFuture().join();
    assertEquals("somebody else's", Files.readString(kept));
  }

  @Test
  void snapshotsLieWhereTheCallerWantsThem() throws Exception {
    // given
    Path home = newHome();
    Path elsewhere = Files.createDirectory(home.resolve("else where"));
    LocatedDisk plain = FileDisks.make(home.resolve("d.raw"), "btrfs", "old");
    LocatedDisk disk = FileDisks.with(plain, Map.of("snapshots", elsewhere.toString()));
    LocatedDisk cloned =
        FileDisks.with(plain, Map.of("file", elsewhere.resolve("-clone").toString()));
    // when, then
    DiskSnapshot snapshot = snapshot(method("btrfs"), disk);
    assertTrue(FileDisks.file(snapshot.backupSource()).startsWith(elsewhere.resolve("nightly")));
    DiskSnapshot clone = snapshot(method("reflink"), cloned);
    assertEquals(elsewhere.resolve("-clone"), FileDisks.file(clone.backupSource()));
    assertEquals("old", FileDisks.read(clone.backupSource()));
    method("btrfs").delete(disk, NIGHTLY, deadline()).toCompletableFuture().join();
    method("reflink").delete(cloned, NIGHTLY, deadline()).toCompletableFuture().join();
    assertEquals(Set.of(), contents(elsewhere));
  }

  @ParameterizedTest
  @ValueSource(strings = {"btrfs", "reflink"})
  void anImageThatIsNotCopiedOnWriteIsServedToo(String name) throws Exception {
    // given
    Path home = newHome();
    HostCommand.run(home, List.of("chattr", "+C", home.toString()));
    LocatedDisk disk = FileDisks.make(home.resolve("d.raw"), name, "old");
    HostCommand.run(home, List.of("chattr", "-C", home.toString()));
    // when
    DiskSnapshot snapshot = snapshot(method(name), disk);
    FileDisks.write(disk, "new");
    // then
    assertEquals("old", FileDisks.read(snapshot.backupSource()));
    method(name).revert(disk, NIGHTLY, deadline()).toCompletableFuture().join();
    assertEquals("old", FileDisks.read(disk.source()));
    method(name).delete(disk, NIGHTLY, deadline()).toCompletableFuture().join();
  }

  @Test
  void aFileThatIsNoSnapshotIsNeverDeletedByTheNameOfOne() throws Exception {
    // given an overlay with the name that a clone would have
    Path home = newHome();
    LocatedDisk disk = FileDisks.make(home.resolve("d.qcow2"), "reflink", "old");
    Path overlay = Files.writeString(home.resolve("d.nightly.qcow2"), "in use");
    // when
    var thrown =
        assertThrows(
            CompletionException.class,
            () -> method("reflink").delete(disk, NIGHTLY, deadline()).toCompletableFuture().join());
    // then
    assertEquals(
        ErrorCode.NO_SUCH_SNAPSHOT, SnapshotException.failureOf(thrown, ErrorCode.INTERNAL).code());
    assertEquals("in use", Files.readString(overlay));
  }

  @Test
  void aRevertKeepsOwnerAndMode() throws Exception {
    for (String name : List.of("btrfs", "reflink")) {
      // given
      LocatedDisk disk = FileDisks.make(newHome().resolve("d.raw"), name, "old");
      Path file = FileDisks.file(disk.source());
      HostCommand.run(btrfs.path(), List.of("chown", "65534:65533", file.toString()));
      HostCommand.run(btrfs.path(), List.of("chmod", "640", file.toString()));
      DiskSnapshot snapshot = snapshot(method(name), disk);
      // when
      method(name).revert(disk, NIGHTLY, deadline()).toCompletableFuture().join();
      // then
      for (Path one : List.of(file, FileDisks.file(snapshot.backupSource()))) {
        assertEquals(65534, Files.getAttribute(one, "unix:uid"), one::toString);
        assertEquals(65533, Files.getAttribute(one, "unix:gid"), one::toString);
      }
      assertEquals(0640, (int) Files.getAttribute(file, "unix:mode") & 0777);
      method(name).delete(disk, NIGHTLY, deadline()).toCompletableFuture().join();
    }
  }
}
