package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.testkit.HostCommand;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
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

  private static Optional<String> far(Path path) {
    return DiskUsers.at(new LocalPrograms(), path, Deadline.after(Duration.ofMinutes(1)));
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
  void whoMountsAPartitionUsesTheDevice() throws Exception {
    // given
    String device = run("losetup", "-P", "-f", "--show", image.toString());
    try {
      // Not every kernel reads a table of partitions; each takes them one by one, in sectors.
      run("addpart", device, "1", "2048", "4096");
      run("mkfs.ext4", "-q", "-F", device + "p1");
      assertEquals(Optional.empty(), DiskUsers.of(Path.of(device)));
      Path mount = Files.createDirectory(temporary.resolve("m"));
      run("mount", device + "p1", mount.toString());
      try {
        // when, then
        assertEquals(Optional.of("it is mounted"), DiskUsers.of(Path.of(device)));
        assertEquals(Optional.of("it is mounted"), far(Path.of(device)));
      } finally {
        run("umount", mount.toString());
      }
      assertEquals(Optional.empty(), DiskUsers.of(Path.of(device)));
    } finally {
      run("losetup", "-d", device);
    }
  }

  @Test
  void theKernelUsesWhatItSwapsTo() throws Exception {
    // given
    Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-------"));
    run("mkswap", image.toString());
    run("swapon", image.toString());
    try {
      // when, then
      assertTrue(DiskUsers.of(image).orElseThrow().contains("swap"));
      assertTrue(far(image).orElseThrow().contains("swap"));
    } finally {
      run("swapoff", image.toString());
    }
    assertEquals(Optional.empty(), DiskUsers.of(image));
    // What every process has open may not be shown.
    assertFalse(far(image).toString().contains("swap"));
  }

  @Test
  void whatIsNotThereMayBeInUse() {
    assertTrue(DiskUsers.of(temporary.resolve("none")).orElseThrow().contains("cannot be told"));
  }
}
