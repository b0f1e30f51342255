package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.testkit.HostCommand;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who uses a disk, as root sees it. */
@Timeout(60)
class DiskUsersTest {
  private static final int SIZE = 4 << 20;

  @TempDir private Path temporary = Path.of("");
  private Path image = Path.of("");

  @BeforeEach
  void makeImage() throws Exception {
    image = Files.write(temporary.toRealPath().resolve("a b.raw"), new byte[SIZE]);
  }

  private String run(String... command) {
    return HostCommand.run(temporary, List.of(command)).strip();
  }

  @Test
  void whoHasAFileOpenIsFoundByWhateverName() throws Exception {
    // given
    Path other = Files.createLink(temporary.resolve("other"), image);
    assertEquals(Optional.empty(), DiskUsers.of(image));
    // when
    try (FileChannel open = FileChannel.open(other, StandardOpenOption.READ)) {
      assertTrue(open.isOpen());
      // then
      String user = DiskUsers.of(image).orElseThrow();
      assertTrue(user.contains(Long.toString(ProcessHandle.current().pid())), user);
    }
    assertEquals(Optional.empty(), DiskUsers.of(image));
  }

  @Test
  void aLoopDeviceUsesItsFileAndAMountItsDevice() throws Exception {
    // given
    run("mkfs.ext4", "-q", "-F", image.toString());
    String device = run("losetup", "-f", "--show", image.toString());
    try {
      // when, then
      assertTrue(DiskUsers.of(image).orElseThrow().contains("shows it"));
      Path link = Files.createSymbolicLink(temporary.resolve("link"), image);
      assertTrue(DiskUsers.of(link).orElseThrow().contains("shows it"));
      assertEquals(Optional.empty(), DiskUsers.of(Path.of(device)));
      Path mount = Files.createDirectory(temporary.resolve("m"));
      run("mount", device, mount.toString());
      try {
        assertEquals(Optional.of("it is mounted"), DiskUsers.of(Path.of(device)));
      } finally {
        run("umount", mount.toString());
      }
    } finally {
      run("losetup", "-d", device);
    }
  }

  @Test
  void aLoopDeviceIsFoundByWhateverNameItsFileWasOpened() throws Exception {
    // given
    Path other = Files.createLink(temporary.resolve("other "), image);
    String device = run("losetup", "-f", "--show", other.toString());
    try {
      // when, then
      assertTrue(DiskUsers.of(image).orElseThrow().contains("shows it"));
      assertTrue(DiskUsers.of(other).orElseThrow().contains("shows it"));
      Files.delete(other);
      assertTrue(DiskUsers.of(image).orElseThrow().contains("shows it"));
      Path another = Files.write(other, new byte[SIZE]);
      assertEquals(Optional.empty(), DiskUsers.of(another));
    } finally {
      run("losetup", "-d", device);
    }
    assertEquals(Optional.empty(), DiskUsers.of(image));
  }

  @Test
  void whatIsNotThereMayBeInUse() {
    assertTrue(DiskUsers.of(temporary.resolve("none")).orElseThrow().contains("cannot be told"));
  }
}
