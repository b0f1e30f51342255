package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Overlays that no machine uses, found as somebody left them who was killed. */
@Timeout(60)
class OverlaysAtRestTest {
  private static final SnapshotName WEEKLY = new SnapshotName("weekly");
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final String MERGE = "stillpoint.overlay.merge";

  @TempDir private Path temporary;
  private final SnapshotStore store = SnapshotStore.ofBareDisks();
  private Path base = Path.of("");
  private Path weekly = Path.of("");
  private Path nightly = Path.of("");

  @BeforeEach
  void makeChain() throws IOException {
    makeChainIn(Files.createDirectory(temporary.toRealPath().resolve("it's \"home\"")));
  }

  private void makeChainIn(Path home) throws IOException {
    base = home.resolve("disk.qcow2");
    weekly = home.resolve("disk.weekly.qcow2");
    nightly = home.resolve("disk.nightly.qcow2");
    run("qemu-img", "create", "-q", "-f", "qcow2", base.toString(), "4M");
    overlay(weekly, base, "weekly");
    overlay(nightly, weekly, "nightly");
    pattern(base, 1);
    pattern(weekly, 2);
    pattern(nightly, 3);
  }

  private void run(String... command) {
    HostCommand.run(temporary, List.of(command));
  }

  /** As a snapshot leaves it. */
  private void overlay(Path file, Path below, String name) throws IOException {
    run(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-b",
        below.toString(),
        "-F",
        "qcow2",
        file.toString());
    Map<String, String> marks =
        Map.of(
            "stillpoint.overlay.operation",
            "00c0ffee",
            "stillpoint.overlay.snapshot",
            name,
            "stillpoint.overlay.image",
            "disk.qcow2",
            "stillpoint.overlay.file",
            Files.getAttribute(file, "unix:ino") + " " + file);
    for (Map.Entry<String, String> mark : marks.entrySet()) {
      mark(file, mark.getKey(), mark.getValue());
    }
  }

  private static void mark(Path file, String key, String word) throws IOException {
    Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
        .write(key, StandardCharsets.UTF_8.encode(word));
  }

  /** That its merge is done, as of now. */
  private static void markDone(Path file) throws IOException {
    long changed = Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS);
    mark(file, MERGE, "done " + changed + ":" + Files.size(file));
  }

  private void pattern(Path image, int octet) {
    run("qemu-io", "-f", "qcow2", "-c", "write -q -P " + octet + " 0 4M", image.toString());
  }

  /** Fails unless it holds nothing else. */
  private void assertPattern(Path image, int octet) {
    run("qemu-io", "-r", "-f", "qcow2", "-c", "read -P " + octet + " 0 4M", image.toString());
  }

  private static SelectedDisk disk(Path file) {
    return SelectedDisk.named(file.toString()).withMethod("qemu");
  }

  private static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(30));
  }

  private List<String> names(Path file) {
    return store.list(disk(file), soon()).stream().map(StoredSnapshot::name).toList();
  }

  private SnapshotException refused(
      ErrorCode code, org.junit.jupiter.api.function.Executable what) {
    SnapshotException refused = assertThrows(SnapshotException.class, what);
    assertEquals(code, refused.failure().code(), refused::getMessage);
    return refused;
  }

  private void assertAllByItsPathAlone() {
    SelectedDisk plain = SelectedDisk.named(nightly.toString());

    List<StoredSnapshot> found = store.list(plain, soon());

    assertEquals(List.of("weekly", "nightly"), found.stream().map(StoredSnapshot::name).toList());
    store.revert(plain, NIGHTLY, soon());
    assertPattern(nightly, 2);
    store.delete(plain, WEEKLY, soon());
    assertEquals(List.of("nightly"), names(nightly));
  }

  @Test
  void whoNamesAnOverlayAndNoMethodMeansWhatOverlaysKeep() {
    assertAllByItsPathAlone();
  }

  @Test
  void soItIsOnAFileSystemThatCouldCutTheFileItself() throws IOException {
    try (LoopMount btrfs = LoopMount.btrfs(128 << 20)) {
      Path elsewhere = Files.createDirectory(btrfs.path().toRealPath().resolve("vm"));
      makeChainIn(elsewhere);

      assertAllByItsPathAlone();
    }
  }

  @Test
  void whatIsNoOverlayOfOursKeepsTheMethodOfWhatItLiesOn() throws IOException {
    try (LoopMount btrfs = LoopMount.btrfs(128 << 20)) {
      Path image = btrfs.path().toRealPath().resolve("plain.raw");
      Files.write(image, new byte[4096]);

      var refused =
          refused(
              ErrorCode.NO_SUCH_SNAPSHOT,
              () -> store.delete(SelectedDisk.named(image.toString()), NIGHTLY, soon()));

      assertTrue(refused.failure().message().contains("plain.raw"), refused::getMessage);
    }
  }

  @Test
  void aMergeThatWasKilledHalfWayIsDoneAgain() {
    // given
    run("qemu-img", "commit", "-q", "-d", "-f", "qcow2", weekly.toString());
    // when
    assertEquals(Optional.empty(), store.delete(disk(nightly), WEEKLY, soon()));
    // then
    assertPattern(nightly, 3);
    assertPattern(base, 2);
    assertEquals(List.of("nightly"), names(nightly));
    assertFalse(Files.exists(weekly));
  }

  @Test
  void anOverlayThatIsMergedAndNotYetRemovedIsRemoved() throws IOException {
    // given
    run("qemu-img", "commit", "-q", "-d", "-f", "qcow2", weekly.toString());
    markDone(weekly);
    rebase(nightly, base);
    // when
    store.delete(disk(nightly), WEEKLY, soon());
    // then
    assertFalse(Files.exists(weekly));
    assertPattern(nightly, 3);
    refused(ErrorCode.NO_SUCH_SNAPSHOT, () -> store.delete(disk(nightly), WEEKLY, soon()));
  }

  private void rebase(Path image, Path below) {
    run(
        "qemu-img",
        "rebase",
        "-q",
        "-u",
        "-f",
        "qcow2",
        "-b",
        below.toString(),
        "-F",
        "qcow2",
        image.toString());
  }

  @Test
  void anOverlayThatWasWrittenToSinceItsMergeIsLeftAlone() throws IOException {
    // given a disk that somebody goes on with although it was merged
    run("qemu-img", "commit", "-q", "-d", "-f", "qcow2", nightly.toString());
    markDone(nightly);
    pattern(nightly, 4);
    // when
    SnapshotException told =
        refused(ErrorCode.NO_SUCH_SNAPSHOT, () -> store.delete(disk(weekly), NIGHTLY, soon()));
    // then
    assertTrue(told.failure().message().contains("left alone"), told::toString);
    assertPattern(nightly, 4);
  }

  @Test
  void soIsOneThatWasNeverMerged() {
    refused(ErrorCode.NO_SUCH_SNAPSHOT, () -> store.delete(disk(weekly), NIGHTLY, soon()));
    assertPattern(nightly, 3);
    assertPattern(weekly, 2);
  }

  @Test
  void aSnapshotThatOthersStandOnIsNotRevertedTo() {
    SnapshotException told =
        refused(ErrorCode.DISK_UNSUITABLE, () -> store.revert(disk(nightly), WEEKLY, soon()));
    assertTrue(told.failure().message().contains(nightly.toString()), told::toString);
    assertPattern(nightly, 3);
  }

  @Test
  void whatARevertThatWasKilledLeftIsNotInTheWay() throws IOException {
    // given
    Path left = Files.createFile(nightly.resolveSibling(".disk.nightly.qcow2.sp-revert"));
    mark(left, "stillpoint.revert", "begun");
    // when
    store.revert(disk(nightly), NIGHTLY, soon());
    // then
    assertFalse(Files.exists(left));
    assertPattern(nightly, 2);
    assertEquals(List.of("weekly", "nightly"), names(nightly));
  }

  @Test
  void anImageThatSomebodyReadsIsNotMergedInto() throws IOException {
    for (Path read : List.of(base, weekly, nightly)) {
      try (var reader = Files.newInputStream(read)) {
        assertTrue(reader.read() >= 0);
        refused(ErrorCode.DISK_IN_USE, () -> store.delete(disk(nightly), WEEKLY, soon()));
      }
    }
    assertPattern(base, 1);
    assertEquals(List.of("weekly", "nightly"), names(nightly));
  }

  @Test
  void anOverlayOfSomebodyElseIsNoSnapshot() {
    // given
    Path top = base.resolveSibling("top.qcow2");
    run(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-b",
        nightly.toString(),
        "-F",
        "qcow2",
        top.toString());
    // when, then
    assertEquals(List.of("weekly", "nightly"), names(top));
    refused(
        ErrorCode.NO_SUCH_SNAPSHOT, () -> store.delete(disk(top), new SnapshotName("top"), soon()));
    assertEquals(Optional.empty(), store.delete(disk(top), NIGHTLY, soon()));
    assertPattern(top, 3);
  }

  @Test
  void aMergeThatFindsNoRoomLosesNothingAndIsTakenUpLater() throws IOException {
    try (LoopMount small = LoopMount.ext4(16 << 20)) {
      // given
      Path full = small.path().resolve("full.qcow2");
      run("qemu-img", "create", "-q", "-f", "qcow2", full.toString(), "4M");
      Path top = base.resolveSibling("full.nightly.qcow2");
      overlay(top, full, "nightly");
      pattern(top, 5);
      Path filler = small.path().resolve("filler");
      run(
          "sh",
          "-c",
          "dd if=/dev/zero of=\"$1\" bs=64k conv=fsync 2> /dev/null; true",
          "sh",
          filler.toString());
      // when
      refused(ErrorCode.NO_SPACE, () -> store.delete(disk(top), NIGHTLY, soon()));
      // then
      assertPattern(top, 5);
      StoredSnapshot told = store.list(disk(top), soon()).get(0);
      assertEquals(Optional.empty(), told.backupSource());
      assertTrue(told.trouble().isPresent(), told::toString);
      refused(ErrorCode.DISK_UNSUITABLE, () -> store.revert(disk(top), NIGHTLY, soon()));
      // and once there is room
      Files.delete(filler);
      assertTrue(store.delete(disk(top), NIGHTLY, soon()).isPresent());
      assertPattern(full, 5);
      assertFalse(Files.exists(top));
    }
  }

  @Test
  void anImageInTheMiddleIsNeitherRevertedNorMerged() {
    // given somebody who names what the machine wrote to before the last snapshot
    refused(ErrorCode.DISK_IN_USE, () -> store.revert(disk(weekly), WEEKLY, soon()));
    refused(ErrorCode.DISK_IN_USE, () -> store.delete(disk(weekly), WEEKLY, soon()));
    assertPattern(nightly, 3);
    assertPattern(weekly, 2);
  }

  @Test
  void aCopyIsNoneOfOurs() throws IOException {
    // given a copy with all attributes, which still lies on the original's base
    Path copy = Files.createDirectory(temporary.resolve("copy")).resolve("disk.nightly.qcow2");
    run("cp", "-a", nightly.toString(), copy.toString());
    Path again = nightly.resolveSibling("again.qcow2");
    run("mv", nightly.toString(), again.toString());
    run("cp", "-a", again.toString(), nightly.toString());
    // when, then
    for (Path one : List.of(copy, again, nightly)) {
      assertEquals(List.of("weekly"), names(one));
      refused(ErrorCode.NO_SUCH_SNAPSHOT, () -> store.delete(disk(one), NIGHTLY, soon()));
    }
    assertPattern(weekly, 2);
  }

  @Test
  void aBaseBehindALinkIsMergedInto() throws IOException {
    // given
    Path link = Files.createSymbolicLink(base.resolveSibling("link.qcow2"), base);
    rebase(weekly, link);
    // when
    assertEquals(Optional.empty(), store.delete(disk(nightly), WEEKLY, soon()));
    // then
    assertPattern(base, 2);
    assertPattern(nightly, 3);
  }

  @Test
  void aWordThatLeadsElsewhereIsNoMark() throws IOException {
    mark(nightly, "stillpoint.overlay.image", "../../elsewhere");
    assertEquals(List.of("weekly"), names(nightly));
  }
}
