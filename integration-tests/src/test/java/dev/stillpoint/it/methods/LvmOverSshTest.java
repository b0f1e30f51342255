package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.host.ProgramPlaces;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.lvm.LvmProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
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
import dev.stillpoint.testkit.storage.ArraySsh;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An array that is reached by ssh, with a real sshd: what differs from reaching it otherwise. */
class LvmOverSshTest {
  private static final long SIZE = 4L << 20;
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");

  private static ArrayGuest array;
  private static ArraySsh ssh;

  @BeforeAll
  static void startArray() {
    array = ArrayGuest.start();
    ssh = array.startSsh();
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

  private static Programs programs(Path config) {
    return ProgramPlaces.of(
        Map.of("at", "ssh:" + ArraySsh.DESTINATION, "ssh-config", config.toString()));
  }

  private static LocatedDisk located(SelectedDisk selected) {
    return new LocatedDisk(
        selected, new DiskSource.Remote("nbd://array/lv", "raw"), CutDisk.named("vd0"));
  }

  private static LocatedDisk lvm() {
    return located(
        SelectedDisk.named("vd0")
            .withMethod("lvm")
            .withOption("device", "/dev/vg/lv")
            .withOption("at", "ssh:" + ArraySsh.DESTINATION)
            .withOption("ssh-config", ssh.config().toString()));
  }

  private static void write(String text) {
    array.shell("echo %s | dd of=/dev/vg/lv conv=fsync 2> /dev/null".formatted(text));
  }

  private static String read(String volume) {
    return array
        .shell("dd if=/dev/vg/%s bs=5 count=1 2> /dev/null; echo".formatted(volume))
        .strip();
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static Cut prepared(SnapshotMethod method, LocatedDisk disk) {
    Cut cut = await(method.check(new CutOrder("00c0ffee", NIGHTLY, List.of(disk)), deadline()));
    await(cut.prepare(deadline()));
    return cut;
  }

  @Test
  void noArgumentChangesOnTheWay() throws IOException {
    // given
    List<String> arguments =
        List.of(
            "a b",
            "it's",
            "\"",
            "'",
            "''\"'\"''",
            "$HOME",
            "`id`",
            "$(id)",
            "${x}",
            "a\nb",
            "\n",
            "\\",
            "\\\\n",
            "a\\",
            "*",
            "~",
            "#",
            "!x",
            ";exit 3",
            "a&b|c>d<e",
            "-x",
            "--",
            "",
            " ",
            "\t",
            "\r",
            "é",
            "PATH=x",
            "%s");
    var command = new ArrayList<>(List.of("printf", "%s\\000"));
    command.addAll(arguments);
    // when
    String out = programs(ssh.config()).require(command, deadline());
    // then
    assertEquals(String.join("\0", arguments) + "\0", out);
  }

  @Test
  void aSnapshotIsMadeListedRevertedToAndDeleted() {
    // given
    array.createThinVolume("lv", SIZE);
    LocatedDisk disk = lvm();
    SnapshotMethod method = new LvmProvider().create(Services.none());
    write("first");
    // when
    Cut cut = prepared(method, disk);
    await(cut.cut(deadline()));
    Settlement settlement = await(cut.settle(deadline()));
    await(cut.clean(deadline()));
    write("other");
    // then
    assertEquals(Settlement.State.APPLIED, settlement.state());
    assertEquals(
        "ssh:root@array /dev/vg/lv.nightly", settlement.disks().get(0).backupSource().address());
    assertEquals("first", read("lv.nightly"));
    StoredSnapshot found = await(method.list(disk, deadline())).get(0);
    assertEquals("nightly", found.name());
    await(method.revert(disk, NIGHTLY, deadline()));
    assertEquals("first", read("lv"));
    await(method.delete(disk, NIGHTLY, deadline()));
    assertEquals(List.of("lv"), array.volumes());
  }

  @Test
  void whoCannotBeReachedOrTrustedIsToldAndNobodyIsAsked() throws IOException {
    // given
    ssh.makeKey("stranger");
    ssh.know("stranger.pub", "changed");
    Path keys = ssh.directory();
    Map<Path, String> told =
        Map.of(
            ssh.configWith("closed", "Port 1"),
            "Connection refused",
            ssh.configWith("wrong-key", "IdentityFile " + keys.resolve("stranger")),
            "Permission denied",
            ssh.configWith("unknown", "UserKnownHostsFile /dev/null"),
            "Host key verification failed",
            ssh.configWith("changed-key", "UserKnownHostsFile " + keys.resolve("changed")),
            "IDENTIFICATION HAS CHANGED",
            keys.resolve("no-such-file"),
            "No such file");
    told.forEach((config, words) -> {
      // when
      var thrown =
          assertThrows(
              IOException.class, () -> programs(config).runToEnd(List.of("touch", "/run/touched")));
      // then
      String message = String.valueOf(thrown.getMessage());
      assertTrue(message.contains(words), message);
      assertTrue(message.contains("ssh to root@array"), message);
    });
    assertEquals("no", array.shell("[ -e /run/touched ] && echo yes || echo no").strip());
  }

  @Test
  void whatMustNotBeKilledIsNotWhereTheConnectionIsCut() throws Exception {
    // given a program that goes on speaking
    array.shell("rm -f /run/begun /run/go /run/ended");
    String script =
        "touch /run/begun; until [ -e /run/go ]; do usleep 10000; done; "
            + "echo a; echo b >&2; echo c; touch /run/ended";
    CompletableFuture<?> running =
        CompletableFuture.runAsync(() -> {
          try {
            programs(ssh.config()).runToEnd(List.of("sh", "-c", script));
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        });
    // when
    cutOnceBegun(running);
    array.shell("touch /run/go");
    // then
    var thrown = assertThrows(ExecutionException.class, () -> running.get(60, TimeUnit.SECONDS));
    assertTrue(String.valueOf(thrown.getMessage()).contains("has ended since"), thrown::toString);
    array.shell("[ -e /run/ended ]");
  }

  @Test
  void aSnapshotThatEndsAfterTheConnectionIsFoundAndUndone() throws Exception {
    // given a lvcreate that waits
    array.createThinVolume("lv", SIZE);
    Cut cut = prepared(new LvmProvider().create(Services.none()), lvm());
    array.shell("rm -f /run/begun /run/go; mkdir -p /run/real");
    array.shell("mv /usr/sbin/lvcreate /run/real/");
    try {
      array.shell(
          "printf '%s\\n' '#!/bin/busybox sh' 'touch /run/begun'"
              + " 'until [ -e /run/go ]; do usleep 10000; done' 'exec /run/real/lvcreate \"$@\"'"
              + " > /usr/sbin/lvcreate; chmod +x /usr/sbin/lvcreate");
      CompletableFuture<?> cutting = cut.cut(deadline()).toCompletableFuture();
      // when
      cutOnceBegun(cutting);
      array.shell("touch /run/go");
      // then
      var thrown = assertThrows(ExecutionException.class, () -> cutting.get(60, TimeUnit.SECONDS));
      assertInstanceOf(SnapshotException.class, thrown.getCause());
    } finally {
      array.shell("mv -f /run/real/lvcreate /usr/sbin/lvcreate");
    }
    assertEquals(Settlement.State.APPLIED, await(cut.settle(deadline())).state());
    assertEquals(List.of("lv", "lv.nightly"), array.volumes().stream().sorted().toList());
    await(cut.undo(deadline()));
    assertEquals(List.of("lv"), array.volumes());
  }

  private static void awaitThere(String condition) {
    array.shell("timeout 30 sh -c 'until %s; do usleep 10000; done'".formatted(condition));
  }

  /** Returns when the array has been called again, and the program goes on. */
  private static void cutOnceBegun(CompletableFuture<?> running) {
    awaitThere("[ -e /run/begun ]");
    ssh.cut();
    int logins = ssh.logins();
    awaitThere("[ $(grep -c Accepted /run/sshd.log) -ge %d ]".formatted(logins + 2));
    assertFalse(running.isDone());
  }
}
