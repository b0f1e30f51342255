package dev.stillpoint.backends.host;

import static java.util.stream.Collectors.toList;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users of a disk of another machine, for which this host stands. */
class FarDiskUsersTest {
  private static final Deadline DEADLINE = Deadline.after(Duration.ofMinutes(1));

  @TempDir private Path directory = Path.of("");

  private static Optional<String> user(Programs programs, Path path) {
    return DiskUsers.at(programs, path, DEADLINE);
  }

  @Test
  void whoHasItOpenIsFoundUnderAnyName() throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("-disk *\n"), "x");
    Path other = Files.createLink(directory.resolve("other"), file);
    Assumptions.assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0));
    assertTrue(!user(new LocalPrograms(), file).toString().contains("open as"));
    try (FileChannel open = FileChannel.open(other, StandardOpenOption.READ)) {
      assertTrue(open.isOpen());
      // when
      String user = user(new LocalPrograms(), file).orElseThrow();
      // then
      String own = "it is open as /proc/" + ProcessHandle.current().pid() + "/fd/";
      assertTrue(user.startsWith(own), user);
    }
  }

  @Test
  void aLoopDeviceShowsItUnderAnyName() throws IOException {
    // given
    var local = new LocalPrograms();
    Assumptions.assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0));
    Path file = Files.write(directory.resolve("disk"), new byte[1 << 20]);
    Path other = Files.createLink(directory.resolve("other"), file);
    assertTrue(!user(local, file).toString().contains("loop"));
    String device =
        local.require(List.of("losetup", "-f", "--show", other.toString()), DEADLINE).strip();
    try {
      // when
      Files.delete(other);
      // then
      assertEquals(Optional.of("a loop device shows it"), user(local, file));
    } finally {
      local.require(List.of("losetup", "-d", device), DEADLINE);
    }
  }

  @Test
  void whatIsNotThereCannotBeTold() {
    String user = user(new LocalPrograms(), directory.resolve("none")).orElseThrow();
    assertTrue(user.startsWith("whether anybody uses it cannot be told"), user);
  }

  @Test
  void whereProcessesOfOthersAreNotShownItIsSaid() throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("disk"), "x");
    Programs blind =
        answering(
            command -> command.contains("/proc"),
            new Said(1, "", "find: '/proc/1/fd': Permission denied\n"));
    // when, then
    assertTrue(user(blind, file).orElseThrow().contains("Permission denied"));
  }

  /** As of more names than a command can be given. */
  @Test
  void whereTheKernelsPathsCannotBeLookedAtItMayBeInUse() throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("disk"), "x");
    Programs full =
        answering(
            command -> command.contains("/nowhere"), new Said(126, "", "Argument list too long\n"));
    // when, then
    String user = user(swapping(List.of("/nowhere"), full), file).orElseThrow();
    assertTrue(user.contains("Argument list too long"), user);
  }

  @Test
  void allOfTheKernelsPathsAreLookedAtHoweverManyAreGone() throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("disk"), "x");
    List<String> paths =
        IntStream.range(0, 60).mapToObj(number -> "/nowhere/" + number).collect(toList());
    Programs local = new LocalPrograms();
    assertFalse(user(swapping(paths, local), file).toString().contains("swap"));
    // when
    paths.add(file.toString());
    // then
    assertEquals(Optional.of(KernelUses.WORDS), user(swapping(paths, local), file));
  }

  /** A machine whose kernel swaps to these files. */
  private static Programs swapping(List<String> paths, Programs others) {
    String told =
        paths.stream().map(path -> path + " file 4092 0 -2\n").collect(Collectors.joining());
    return answering(
        command -> command.equals(KernelUses.command()), new Said(0, told, ""), others);
  }

  private static Programs answering(Predicate<List<String>> which, Said answer) {
    return answering(which, answer, new LocalPrograms());
  }

  /** This host, but for one answer. */
  private static Programs answering(Predicate<List<String>> which, Said answer, Programs others) {
    return new Programs() {
      @Override
      public String place() {
        return "a test";
      }

      @Override
      public Said run(List<String> command, Deadline deadline) throws IOException {
        return which.test(command) ? answer : others.run(command, deadline);
      }

      @Override
      public Said runToEnd(List<String> command) throws IOException {
        return others.runToEnd(command);
      }
    };
  }
}
