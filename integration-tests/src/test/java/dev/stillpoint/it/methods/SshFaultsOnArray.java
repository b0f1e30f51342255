package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.exec.ExecProvider;
import dev.stillpoint.backends.host.ProgramPlaces;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.it.CommandLineProcess;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.storage.ArrayGuest;
import dev.stillpoint.testkit.storage.ArraySsh;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong on the way to an array and takes long to show, and what is seldom used. */
class SshFaultsOnArray {
  /** Gives a program a terminal of its own, whose other end is read and says nothing. */
  private static final List<String> ON_A_TERMINAL =
      List.of(
          "python3",
          "-c",
          "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))");

  private static ArrayGuest array;
  private static ArraySsh ssh;

  @TempDir private Path home;

  @BeforeAll
  static void startArray() {
    HostTools.require("python3");
    array = ArrayGuest.start();
    ssh = array.startSsh();
  }

  @AfterAll
  static void endArray() {
    array.close();
  }

  private static Programs programs() {
    return ProgramPlaces.of(
        Map.of("at", "ssh:" + ArraySsh.DESTINATION, "ssh-config", ssh.config().toString()));
  }

  @Test
  void anArrayThatFallsSilentIsGivenUpAndItsProgramFoundAgain() throws Exception {
    // given
    String script = "touch /run/begun; until [ -e /run/go ]; do usleep 10000; done";
    CompletableFuture<?> running =
        CompletableFuture.runAsync(() -> {
          try {
            programs().runToEnd(List.of("sh", "-c", script));
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        });
    array.shell("timeout 30 sh -c 'until [ -e /run/begun ]; do usleep 10000; done'");
    int logins = ssh.logins();
    // when it is silent for as long as ssh bears it
    array.guest().console("stop");
    assertThrows(
        IOException.class,
        () -> programs().run(List.of("true"), Deadline.after(Duration.ofSeconds(40))));
    assertThrows(TimeoutException.class, () -> running.get(35, TimeUnit.SECONDS));
    array.guest().console("cont");
    // then it is called again, and its program goes on until its end
    array.shell(
        "timeout 50 sh -c 'until [ $(grep -c Accepted /run/sshd.log) -gt %d ]; do usleep 10000; done'"
            .formatted(logins));
    assertFalse(running.isDone());
    array.shell("touch /run/go");
    var thrown = assertThrows(ExecutionException.class, () -> running.get(60, TimeUnit.SECONDS));
    assertTrue(String.valueOf(thrown.getMessage()).contains("not responding"), thrown::toString);
    assertTrue(String.valueOf(thrown.getMessage()).contains("has ended since"), thrown::toString);
  }

  @Test
  void nobodyIsAskedWhereThereIsATerminal() throws Exception {
    // given
    Path config = ssh.configWith("unknown", "UserKnownHostsFile /dev/null");
    Path disk = Files.createFile(home.resolve("disk"));
    // when
    Run run;
    try (CommandLineProcess process =
        CommandLineProcess.startUnder(
            ON_A_TERMINAL,
            List.of(),
            Way.CLASS_PATH,
            home,
            "list",
            disk + ",method=lvm,device=/dev/vg/lv,at=ssh:root@array,ssh-config=" + config)) {
      run = process.ended();
    }
    // then
    assertEquals(1, run.code(), run::toString);
    assertTrue(run.out().contains("Host key verification failed"), run::toString);
    assertFalse(run.out().contains("Are you sure"), run::toString);
  }

  @Test
  void oneConnectionServesManyWhereSshIsToldSo() throws IOException {
    // given
    Path config =
        ssh.configWith(
            "shared",
            "ControlMaster auto",
            "ControlPath \"" + ssh.directory().resolve("master") + "\"",
            "ControlPersist 30");
    Programs shared =
        ProgramPlaces.of(
            Map.of("at", "ssh:" + ArraySsh.DESTINATION, "ssh-config", config.toString()));
    int logins = ssh.logins();
    try {
      // when
      String said = shared.require(List.of("echo", "one"), Deadline.after(Duration.ofSeconds(30)));
      said += shared.runToEnd(List.of("echo", "two")).out();
      // then
      assertEquals("one\ntwo\n", said);
      assertEquals(logins + 1, ssh.logins());
    } finally {
      HostCommand.run(
          ssh.directory(),
          List.of("ssh", "-F", config.toString(), "-O", "exit", ArraySsh.DESTINATION));
    }
  }

  @Test
  void theExamplesProgramTellsTheSame() throws IOException {
    // given
    ssh.makeKey("other");
    Path wrong = ssh.directory().resolve("other");
    Map<Path, String> told =
        Map.of(
            ssh.configWith("closed", "Port 1"),
            "Connection refused",
            ssh.configWith("wrong-key", "IdentityFile " + wrong),
            "Permission denied",
            ssh.configWith("stranger", "UserKnownHostsFile /dev/null"),
            "Host key verification failed");
    told.forEach((config, words) -> {
      // when
      var thrown = assertThrows(CompletionException.class, () -> list(config));
      // then
      assertTrue(String.valueOf(thrown.getMessage()).contains(words), thrown::toString);
    });
  }

  private static void list(Path config) {
    SelectedDisk selected =
        SelectedDisk.named("vd0")
            .withMethod("exec")
            .withOption("program", ExecContractOnArray.EXAMPLE.toString())
            .withOption("ssh", ArraySsh.DESTINATION)
            .withOption("ssh-config", config.toString())
            .withOption("volume", "vg/lv");
    var disk =
        new LocatedDisk(
            selected, new DiskSource.Remote("nbd://array/lv", "raw"), CutDisk.named("vd0"));
    new ExecProvider()
        .create(Services.none())
        .list(disk, Deadline.after(Duration.ofSeconds(60)))
        .toCompletableFuture()
        .join();
  }
}
