package dev.stillpoint.testkit.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LoopMountTest {
  private static final long SIZE = 320L << 20;

  @Test
  void eachIsMountedAndGoesAsAWhole() throws Exception {
    for (String type : List.of("btrfs", "xfs", "ext4")) {
      // given
      LoopMount mount = make(type);
      String home = String.valueOf(mount.path().getParent());
      try (mount) {
        // then
        assertEquals(type, Files.getFileStore(mount.path()).type());
        Files.writeString(mount.path().resolve("file"), "there");
        // when nobody may write, then nobody can
        mount.remount(true);
        assertThrows(
            FileSystemException.class, () -> Files.writeString(mount.path().resolve("x"), "no"));
      }
      // and nothing is left
      assertFalse(Files.exists(Path.of(home)));
      assertFalse(mounts().contains(home));
    }
  }

  private static LoopMount make(String type) {
    return switch (type) {
      case "btrfs" -> LoopMount.btrfs(SIZE);
      case "xfs" -> LoopMount.xfs(SIZE);
      default -> LoopMount.ext4(SIZE);
    };
  }

  private static String mounts() throws IOException {
    return Files.readString(Path.of("/proc/self/mountinfo"));
  }

  @Test
  void whatAKilledJvmHasLeftGoesWithTheNext() throws Exception {
    // given
    Process killed = mounting();
    String left = killed.inputReader().readLine();
    killed.destroyForcibly().waitFor();
    assertTrue(mounts().contains(left), left);
    // when
    Process next = mounting();
    String other = next.inputReader().readLine();
    next.getOutputStream().close();
    assertTrue(next.waitFor(30, TimeUnit.SECONDS));
    // then both are gone, and nobody else's
    assertFalse(mounts().contains(left));
    assertFalse(mounts().contains(other));
    for (String gone : List.of(left, other)) {
      assertFalse(Files.exists(Path.of(gone).resolveSibling("image")), gone);
      assertFalse(Files.exists(Path.of(gone)), gone);
    }
  }

  private static Process mounting() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Mounting.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Mounts, and waits for the end of its input. */
  static final class Mounting {
    private Mounting() {}

    public static void main(String[] arguments) throws IOException {
      try (LoopMount mount = LoopMount.btrfs(SIZE)) {
        System.out.println(mount.path());
        while (System.in.read() >= 0) {
          // until its end
        }
      }
    }
  }
}
