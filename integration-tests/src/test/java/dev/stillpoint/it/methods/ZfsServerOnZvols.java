package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.zfs.ZfsProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.DiskSnapshot;
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
import dev.stillpoint.testkit.storage.ZfsGuest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the method {@code zfs} makes of an OpenZFS on another machine. */
class ZfsServerOnZvols {
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Whatever a test does with the volume {@code vol}, or with a loop device. */
  private static final String END_OF_USE =
      "{ umount /run/m; losetup -d /dev/loop0; swapoff /dev/zvol/tank/vol; targets_end; }"
          + " 2> /dev/null; true";

  private static final long MEBIBYTE = 1L << 20;

  /** The copy of a {@code disk.raw} on its way. */
  private static final String LEFT =
      ".stillpoint-" + UUID.nameUUIDFromBytes("disk.raw".getBytes(StandardCharsets.UTF_8)) + "-1";

  private static ZfsGuest server;
  private final SnapshotMethod method = new ZfsProvider().create(Services.none());

  @BeforeAll
  static void start() {
    server = ZfsGuest.start();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @AfterEach
  void removeAll() {
    server.shell(END_OF_USE);
    server.removeAll();
  }

  private static Deadline deadline() {
    return Deadline.after(PATIENCE);
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static Failure failure(CompletionStage<?> stage) {
    var thrown = assertThrows(CompletionException.class, () -> await(stage));
    return ((SnapshotException) Objects.requireNonNull(thrown.getCause())).failure();
  }

  private static LocatedDisk disk(String option, String value) {
    return new LocatedDisk(
        SelectedDisk.named(value)
            .withMethod("zfs")
            .withOption("at", "qga:unix:" + server.agent())
            .withOption(option, value),
        new DiskSource.Remote("nbd://server/disk", "raw"),
        CutDisk.named(value));
  }

  private static LocatedDisk volume(String name) {
    server.createVolume(name, 4 * MEBIBYTE);
    return disk("dataset", "tank/" + name);
  }

  private static LocatedDisk file(String dataset) {
    String directory = server.createDataset(dataset);
    server.shell("truncate -s 1M %s/disk.raw".formatted(directory));
    return disk("file", directory + "/disk.raw");
  }

  private static CutOrder order(List<LocatedDisk> disks) {
    return new CutOrder("0a0b0c0d", NIGHTLY, disks);
  }

  private List<DiskSnapshot> cut(Cut cut) {
    await(cut.prepare(deadline()));
    await(cut.cut(deadline()));
    Settlement settled = await(cut.settle(deadline()));
    await(cut.clean(deadline()));
    assertEquals(Settlement.State.APPLIED, settled.state(), settled::toString);
    return settled.disks();
  }

  private List<DiskSnapshot> snapshot(LocatedDisk... disks) {
    return cut(await(method.check(order(List.of(disks)), deadline())));
  }

  /** The first number in a volume, a file, or a snapshot of one. */
  private static long number(String path) {
    return Long.parseLong(
        server.shell("dd if=%s bs=16 count=1 2> /dev/null; echo".formatted(path)).strip());
  }

  private static String path(DiskSnapshot snapshot) {
    String address = snapshot.backupSource().address();
    return address.substring(address.lastIndexOf(' ') + 1);
  }

  @Test
  void volumesAndDatasetsOfAPoolAreCutInOneTransactionGroup() {
    // given a writer that goes round over two volumes and two files
    List<LocatedDisk> disks = List.of(volume("a"), file("b"), volume("c"), file("d"));
    List<String> paths =
        List.of("/dev/zvol/tank/a", "/tank/b/disk.raw", "/dev/zvol/tank/c", "/tank/d/disk.raw");
    server.shell(
        "touch /run/go; { i=0; while [ -e /run/go ]; do i=$((i + 1)); for at in %s; do"
                .formatted(String.join(" ", paths))
            + " printf %016d $i | dd of=$at conv=fsync,notrunc; done; echo $i > /run/last; done; }"
            + " > /dev/null 2>&1 & while ! [ -e /run/last ]; do usleep 10000; done");
    // when
    Cut cut = await(method.check(order(disks), deadline()));
    List<DiskSnapshot> snapshots = cut(cut);
    server.shell("rm /run/go; wait; rm /run/last");
    // then
    assertTrue(cut.isOneInstant());
    String groups = server.shell("zfs get -H -o value createtxg -t snapshot -r tank");
    assertEquals(4, groups.lines().count(), groups);
    assertEquals(1, Set.copyOf(groups.lines().toList()).size(), groups);
    server.links();
    List<Long> numbers = snapshots.stream().map(one -> number(path(one))).toList();
    for (int i = 1; i < numbers.size(); i++) {
      assertTrue(numbers.get(i) <= numbers.get(i - 1), numbers::toString);
    }
    assertTrue(numbers.get(3) >= numbers.get(0) - 1, numbers::toString);
  }

  @Test
  void aRevertTakesNothingElseBack() {
    // given a dataset with another file
    LocatedDisk disk = file("files");
    String write = "printf %%016d %d | dd of=/tank/files/disk.raw conv=notrunc 2> /dev/null";
    server.shell(write.formatted(1));
    snapshot(disk);
    server.shell(write.formatted(2) + "; echo 2 > /tank/files/other");
    for (String more : List.of("true", "rm /tank/files/other; zfs snapshot tank/files@newer")) {
      // and then a newer snapshot
      server.shell(more + "; " + write.formatted(3));
      List<String> before = server.contents();
      String files = server.shell("ls -A /tank/files");
      // and what an earlier revert left that was killed
      server.shell("echo half > /tank/files/" + LEFT);
      // when
      await(method.revert(disk, NIGHTLY, deadline()));
      // then
      assertEquals(1, number("/tank/files/disk.raw"));
      assertEquals(files, server.shell("ls -A /tank/files"));
      assertEquals(before, server.contents());
    }
  }

  @Test
  void aVolumeWithANewerSnapshotIsNotReverted() {
    // given
    LocatedDisk disk = volume("vol");
    snapshot(disk);
    server.shell("zfs snapshot tank/vol@newer");
    List<String> before = server.contents();
    // when
    Failure failure = failure(method.revert(disk, NIGHTLY, deadline()));
    // then
    assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code());
    assertTrue(failure.message().contains("newer than"), failure::message);
    assertEquals(before, server.contents());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mke2fs -F /dev/zvol/tank/vol > /dev/null; mkdir -p /run/m; mount /dev/zvol/tank/vol /run/m",
        "losetup /dev/loop0 /dev/zvol/tank/vol",
        "target_device one /dev/zvol/tank/vol",
        "target_nvme one /dev/zvol/tank/vol",
        "mkswap /dev/zvol/tank/vol; swapon /dev/zvol/tank/vol",
        "printf 'n\\np\\n1\\n\\n\\nw\\n' | fdisk /dev/zvol/tank/vol > /dev/null; mke2fs -F /dev/zd0p1 > /dev/null;"
            + " mkdir -p /run/m; mount /dev/zd0p1 /run/m"
      })
  void aVolumeThatTheServerUsesIsNotReverted(String script) {
    // given
    LocatedDisk disk = volume("vol");
    snapshot(disk);
    server.shell("[ -d /sys/module/loop ] || insmod /modules/loop.ko; " + script);
    // when
    Failure failure = failure(method.revert(disk, NIGHTLY, deadline()));
    // then
    assertEquals(ErrorCode.DISK_IN_USE, failure.code(), failure::message);
    // and when it does so no more
    server.shell(END_OF_USE);
    await(method.revert(disk, NIGHTLY, deadline()));
  }

  @Test
  void anImageThatALoopDeviceShowsIsNotReverted() {
    // given
    LocatedDisk disk = file("files");
    snapshot(disk);
    server.shell("[ -d /sys/module/loop ] || insmod /modules/loop.ko");
    server.shell("losetup /dev/loop0 /tank/files/disk.raw");
    // when
    Failure failure = failure(method.revert(disk, NIGHTLY, deadline()));
    // then
    server.shell("losetup -d /dev/loop0");
    assertEquals(ErrorCode.DISK_IN_USE, failure.code(), failure::message);
    await(method.revert(disk, NIGHTLY, deadline()));
  }

  @Test
  void anImageThatTheServerShowsToOthersIsNotReverted() {
    // given
    LocatedDisk disk = file("files");
    snapshot(disk);
    server.shell("target_file one /tank/files/disk.raw 1048576");
    // when
    Failure failure = failure(method.revert(disk, NIGHTLY, deadline()));
    // then
    server.shell("targets_end");
    assertEquals(ErrorCode.DISK_IN_USE, failure.code(), failure::message);
    assertTrue(failure.message().contains("SCSI"), failure::message);
    await(method.revert(disk, NIGHTLY, deadline()));
  }

  @Test
  void whatHoldsASnapshotIsNotTouched() {
    // given
    LocatedDisk disk = volume("vol");
    snapshot(disk);
    server.shell("zfs clone tank/vol@nightly tank/clone");
    List<String> before = server.contents();
    // when, then
    Failure cloned = failure(method.delete(disk, NIGHTLY, deadline()));
    assertEquals(ErrorCode.CLEANUP_FAILED, cloned.code());
    assertTrue(cloned.message().contains("has clones"), cloned::message);
    server.shell("zfs destroy tank/clone; zfs hold kept tank/vol@nightly");
    Failure held = failure(method.delete(disk, NIGHTLY, deadline()));
    assertEquals(ErrorCode.CLEANUP_FAILED, held.code());
    assertTrue(held.message().contains("in use, or held"), held::message);
    assertTrue(before.containsAll(server.contents()));
    server.shell("zfs release kept tank/vol@nightly");
    await(method.delete(disk, NIGHTLY, deadline()));
    // and this is how it says that one has gone meanwhile
    String gone = server.shell("zfs destroy tank/vol@nightly 2>&1; true");
    assertTrue(gone.startsWith("could not find any snapshots to destroy"), gone);
  }

  @Test
  void aVolumeWhoseReservationDoesNotFitASecondTimeIsRefusedBeforeTheCut() {
    // given a volume that holds more than is left beside its reservation
    server.shell("zfs create -o quota=80m tank/small; zfs create -V 60m tank/small/vol");
    server.links();
    server.shell("dd if=/dev/urandom of=/dev/zvol/tank/small/vol bs=1M count=30 conv=fsync 2>&1");
    server.shell("zpool sync tank");
    List<String> before = server.contents();
    // when
    Failure failure =
        failure(method.check(order(List.of(disk("dataset", "tank/small/vol"))), deadline()));
    // then
    assertEquals(ErrorCode.NO_SPACE, failure.code(), failure::message);
    String zfs = server.shell("zfs snapshot tank/small/vol@other 2>&1; true");
    assertTrue(zfs.contains("out of space"), zfs);
    assertEquals(before, server.contents());
    server.shell("zfs set refreservation=none tank/small/vol");
    snapshot(disk("dataset", "tank/small/vol"));
  }

  @Test
  void aVolumeThatHidesItsSnapshotsSaysSo() {
    // given
    LocatedDisk disk = volume("vol");
    server.shell("zfs set snapdev=hidden tank/vol");
    // when
    Cut cut = await(method.check(order(List.of(disk)), deadline()));
    // then
    assertTrue(cut.warnings().toString().contains("zfs set snapdev=visible tank/vol"));
    DiskSnapshot snapshot = cut(cut).get(0);
    server.links();
    assertEquals(
        "no\n", server.shell("[ -e %s ] && echo yes || echo no".formatted(path(snapshot))));
    server.shell("zfs set snapdev=visible tank/vol");
    server.links();
    assertEquals("yes\n", server.shell("[ -e %s ] && echo yes".formatted(path(snapshot))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "two words",
        "-rf",
        "--",
        "quote's \"and\" more",
        "a\nb",
        "$(x);`y`",
        "%s@at",
        "ü€"
      })
  void anyFileNameWorks(String name) {
    // given
    server.createDataset("odd");
    server.shell("truncate -s 1M /tank/odd/plain; truncate -s 1M /tank/odd/other");
    var octal = new StringBuilder();
    for (byte one : name.getBytes(StandardCharsets.UTF_8)) {
      octal.append("\\%03o".formatted(one & 0xff));
    }
    String named = "\"/tank/odd/$(printf '%s')\"".formatted(octal);
    server.shell("mv /tank/odd/plain " + named);
    LocatedDisk disk = disk("file", "/tank/odd/" + name);
    server.shell("printf %016d 1 | dd conv=notrunc 2> /dev/null of=" + named);
    // when
    DiskSnapshot snapshot = snapshot(disk).get(0);
    server.shell("printf %016d 2 | dd conv=notrunc 2> /dev/null of=" + named);
    await(method.revert(disk, NIGHTLY, deadline()));
    // then
    assertTrue(
        snapshot.backupSource().address().endsWith(" /tank/odd/.zfs/snapshot/nightly/" + name));
    assertEquals(
        1,
        Long.parseLong(
            server.shell("dd bs=16 count=1 2> /dev/null if=" + named + "; echo").strip()));
  }

  @Test
  void whatIsNoImageThereIsRefused() {
    // given
    server.createDataset("set");
    server.shell("mkdir /tank/set/directory; : > /run/elsewhere");
    volume("vol");
    var refusals = new ArrayList<ErrorCode>();
    for (String file :
        List.of(
            "relative", "/tank/set/none", "/run/elsewhere", "/tank/set/directory", "/dev/zd0")) {
      // when
      refusals.add(failure(method.check(order(List.of(disk("file", file))), deadline())).code());
    }
    // then
    assertEquals(Set.of(ErrorCode.BAD_REQUEST, ErrorCode.DISK_UNSUITABLE), new HashSet<>(refusals));
    assertEquals(ErrorCode.BAD_REQUEST, refusals.get(0));
    LocatedDisk wrong = disk("file", "/tank/set/file");
    server.shell(": > /tank/set/file");
    var elsewhere =
        new LocatedDisk(
            wrong.selected().withOption("dataset", "tank/vol"), wrong.source(), wrong.guest());
    assertEquals(
        ErrorCode.DISK_UNSUITABLE,
        failure(method.check(order(List.of(elsewhere)), deadline())).code());
    assertEquals(List.of(), server.contents().stream().filter(one -> one.contains("@")).toList());
  }
}
