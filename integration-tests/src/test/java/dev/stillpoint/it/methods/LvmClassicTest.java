package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.lvm.LvmProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.testkit.storage.ArrayGuest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Classic snapshots, which take room of their own and are lost when it is full; and bad input. */
class LvmClassicTest {
  private static final long SIZE = 16L << 20;
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");

  private static ArrayGuest array;
  private final SnapshotMethod method = new LvmProvider().create(Services.none());

  @BeforeAll
  static void startArray() {
    array = ArrayGuest.start();
  }

  @AfterAll
  static void endArray() {
    array.close();
  }

  @AfterEach
  void removeAll() {
    array.removeVolumes();
  }

  private static Deadline deadline() {
    return Deadline.after(Duration.ofSeconds(60));
  }

  private static LocatedDisk disk(String device, String... more) {
    SelectedDisk selected =
        SelectedDisk.named("vd0")
            .withMethod("lvm")
            .withOption("device", device)
            .withOption("at", "qga:unix:" + array.agent());
    for (int i = 0; i < more.length; i += 2) {
      selected = selected.withOption(more[i], more[i + 1]);
    }
    return new LocatedDisk(
        selected, new DiskSource.Remote("nbd://array/vd0", "raw"), CutDisk.named("vd0"));
  }

  private static LocatedDisk volume(String... more) {
    array.createVolume("lv", SIZE);
    write("first");
    return disk("/dev/vg/lv", more);
  }

  private static void write(String text) {
    array.shell("echo %s | dd of=/dev/vg/lv conv=fsync 2> /dev/null".formatted(text));
  }

  private static void overwrite(int mebibytes) {
    array.shell(
        "dd if=/dev/urandom of=/dev/vg/lv bs=1M count=%d conv=fsync 2> /dev/null"
            .formatted(mebibytes));
  }

  private static String read(String volume) {
    return array
        .shell("dd if=/dev/vg/%s bs=5 count=1 2> /dev/null; echo".formatted(volume))
        .strip();
  }

  private Cut prepared(LocatedDisk disk) {
    Cut cut = await(method.check(order(disk), deadline()));
    await(cut.prepare(deadline()));
    return cut;
  }

  private Settlement.State cutIn(LocatedDisk disk) {
    Cut cut = prepared(disk);
    await(cut.cut(deadline()));
    Settlement settlement = await(cut.settle(deadline()));
    await(cut.clean(deadline()));
    return settlement.state();
  }

  private static CutOrder order(LocatedDisk disk) {
    return new CutOrder("00c0ffee", NIGHTLY, List.of(disk));
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static void assertFails(ErrorCode code, String told, CompletionStage<?> stage) {
    var thrown = assertThrows(CompletionException.class, () -> await(stage));
    Failure failure = assertInstanceOf(SnapshotException.class, thrown.getCause()).failure();
    assertEquals(code, failure.code(), failure::toString);
    assertTrue(failure.message().contains(told), failure::toString);
  }

  @Test
  void itHoldsAllThatCanBeOverwrittenAndIsThereAfterARevert() {
    // given
    LocatedDisk disk = volume();
    assertEquals(Settlement.State.APPLIED, cutIn(disk));
    // when
    overwrite(16);
    await(method.revert(disk, NIGHTLY, deadline()));
    // then
    assertEquals("first", read("lv"));
    write("other");
    assertEquals("first", read("lv.nightly"));
    StoredSnapshot found = await(method.list(disk, deadline())).get(0);
    assertEquals("nightly", found.name());
    assertTrue(found.trouble().isEmpty(), found::toString);
    await(method.delete(disk, NIGHTLY, deadline()));
    assertEquals(List.of("lv"), array.volumes());
  }

  @Test
  void whatLvmKnowsOfASnapshotCountsAndNotItsTag() {
    // given a snapshot whose volume was renamed, and another that has its name now
    LocatedDisk disk = volume();
    cutIn(disk);
    write("later");
    array.shell("lvrename -q vg/lv vg/old");
    array.createVolume("lv", SIZE);
    write("other");
    // when, then
    assertFails(
        ErrorCode.DISK_UNSUITABLE, "no snapshot of lv", method.revert(disk, NIGHTLY, deadline()));
    assertFails(
        ErrorCode.DISK_UNSUITABLE, "no snapshot of lv", method.delete(disk, NIGHTLY, deadline()));
    assertEquals(List.of(), await(method.list(disk, deadline())));
    assertEquals("later", read("old"));
    assertEquals("other", read("lv"));
    assertEquals("first", read("lv.nightly"));
  }

  @Test
  void aVolumeThatIsOpenIsKnownWhateverFormOfReportIsConfigured() {
    // given
    LocatedDisk disk = volume();
    array.shell(
        "mkdir -p /etc/lvm; touch /etc/lvm/lvm.conf; cp /etc/lvm/lvm.conf /tmp/lvm.conf;"
            + " echo 'report { binary_values_as_numeric=1 list_item_separator=\"+\" compact_output=1 }'"
            + " >> /etc/lvm/lvm.conf");
    String user = array.shell("sleep 300 < /dev/vg/lv > /dev/null 2>&1 & echo $!").strip();
    try {
      assertEquals(Settlement.State.APPLIED, cutIn(disk));
      // when, then
      assertFails(ErrorCode.DISK_IN_USE, "vg/lv is open", method.revert(disk, NIGHTLY, deadline()));
      assertEquals(1, await(method.list(disk, deadline())).size());
    } finally {
      array.shell("kill %s; cp /tmp/lvm.conf /etc/lvm/lvm.conf".formatted(user));
    }
  }

  @Test
  void aMergeThatOutlastsTheDeadlineIsSeenToItsEnd() {
    // given a merge that takes longer than the caller would wait
    LocatedDisk disk = volume();
    cutIn(disk);
    write("later");
    array.shell(
        "mv /usr/sbin/lvconvert /usr/sbin/lvconvert.away;"
            + " printf '#!/bin/sh\\nsleep 12\\nexec lvm lvconvert \"$@\"\\n' > /usr/sbin/lvconvert;"
            + " chmod 755 /usr/sbin/lvconvert");
    try {
      // when
      await(method.revert(disk, NIGHTLY, Deadline.after(Duration.ofSeconds(10))));
    } finally {
      array.shell("mv /usr/sbin/lvconvert.away /usr/sbin/lvconvert");
    }
    // then
    assertEquals("first", read("lv"));
    assertEquals("first", read("lv.nightly"));
  }

  @Test
  void aVolumeWithoutADeviceIsNotLeftToBeRevertedLater() {
    // given
    LocatedDisk disk = volume();
    cutIn(disk);
    write("later");
    array.shell("lvchange -q -an vg/lv");
    // when, then
    assertFails(
        ErrorCode.DISK_UNSUITABLE, "is not active", method.revert(disk, NIGHTLY, deadline()));
    array.shell("lvchange -q -ay vg/lv");
    assertEquals("later", read("lv"));
    assertEquals("first", read("lv.nightly"));
  }

  @Test
  void aSmallOneIsWarnedOfAndToldWhenItHasOverflowed() {
    // given
    LocatedDisk disk = volume("size", "4m");
    Cut cut = prepared(disk);
    assertTrue(cut.warnings().toString().contains("is lost when about 4194304 bytes"));
    await(cut.cut(deadline()));
    // when it overflows before anybody has looked
    overwrite(8);
    // then it is none
    assertEquals(Settlement.State.NOT_APPLIED, await(cut.settle(deadline())).state());
    StoredSnapshot found = await(method.list(disk, deadline())).get(0);
    assertTrue(found.trouble().orElseThrow().contains("overflowed"), found::toString);
    assertTrue(found.backupSource().isEmpty(), found::toString);
    assertFails(ErrorCode.DISK_UNSUITABLE, "overflowed", method.revert(disk, NIGHTLY, deadline()));
    await(cut.clean(deadline()));
    assertEquals(List.of("lv"), array.volumes());
  }

  @Test
  void whereThereIsNoRoomItIsKnownBeforeAnythingIsHeld() {
    // given
    LocatedDisk disk = volume();
    array.shell("lvcreate -q -y -Wn -l 100%FREE -n filler vg");
    // when, then
    assertFails(ErrorCode.NO_SPACE, "0 bytes free", method.check(order(disk), deadline()));
  }

  @Test
  void badInputIsRefusedByName() {
    // given
    LocatedDisk disk = volume();
    // when, then
    for (String path : List.of("/dev/vg/no", "/dev/no/lv")) {
      assertFails(
          ErrorCode.DISK_UNSUITABLE,
          "knows no volume",
          method.check(order(disk(path)), deadline()));
    }
    for (String path :
        List.of("lv", "--help", "/dev/vg/l v", "/dev/vg/'", "/dev/vg/a\nb", "/etc/x")) {
      assertFails(ErrorCode.BAD_REQUEST, "is no path", method.check(order(disk(path)), deadline()));
    }
    assertFails(
        ErrorCode.BAD_REQUEST,
        "size=",
        method.check(order(disk("/dev/vg/lv", "size", "-l 1")), deadline()));
    var reserved = new CutOrder("00c0ffee", new SnapshotName("x_tmeta"), List.of(disk));
    assertFails(ErrorCode.BAD_REQUEST, "for itself", method.check(reserved, deadline()));
    assertEquals(List.of("lv"), array.volumes());
  }

  @Test
  void withoutLvmItIsMissing() {
    // given
    LocatedDisk disk = volume();
    array.shell("mv /usr/sbin/lvs /usr/sbin/lvs.away");
    try {
      assertFails(ErrorCode.TOOL_MISSING, "lvs", method.check(order(disk), deadline()));
    } finally {
      array.shell("mv /usr/sbin/lvs.away /usr/sbin/lvs");
    }
  }

  @Test
  void withoutLvcreateItIsMissingWhenTheCutIsPrepared() {
    // given
    LocatedDisk disk = volume();
    array.shell("mv /usr/sbin/lvcreate /usr/sbin/lvcreate.away");
    try {
      Cut cut = await(method.check(order(disk), deadline()));
      // when, then
      assertFails(ErrorCode.TOOL_MISSING, "lvcreate", cut.prepare(deadline()));
      await(cut.clean(deadline()));
    } finally {
      array.shell("mv /usr/sbin/lvcreate.away /usr/sbin/lvcreate");
    }
    assertEquals(List.of("lv"), array.volumes());
  }
}
