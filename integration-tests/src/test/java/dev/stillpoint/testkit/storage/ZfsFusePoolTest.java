package dev.stillpoint.testkit.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ZfsFusePoolTest {
  private static final long SIZE = 64L << 20;

  private static boolean isMounted(Path directory) throws Exception {
    return Files.readString(Path.of("/proc/self/mountinfo")).contains(directory.toString());
  }

  private static List<String> names(ZfsFusePool pool) {
    return pool.contents().stream().map(line -> line.split("\t", -1)[0]).toList();
  }

  @Test
  void twoPoolsAreBesideEachOtherAndLeaveNothing() throws Exception {
    // given
    Path first;
    Path second;
    try (var one = ZfsFusePool.create(SIZE);
        var other = ZfsFusePool.create(SIZE)) {
      first = Objects.requireNonNull(one.mountPoint().getParent());
      second = Objects.requireNonNull(other.mountPoint().getParent());
      // when
      Path data = one.createDataset("data");
      Files.writeString(data.resolve("file"), "content");
      one.zfs("snapshot", one.name() + "/data@s");
      // then
      assertNotEquals(one.name(), other.name());
      assertEquals(List.of(one.name(), one.name() + "/data", one.name() + "/data@s"), names(one));
      assertEquals(List.of(other.name()), names(other));
      assertTrue(isMounted(data), "everybody sees the dataset");
      assertEquals(
          "content", Files.readString(one.cloned(one.name() + "/data@s", "c").resolve("file")));
    }
    for (Path directory : List.of(first, second)) {
      assertFalse(Files.exists(directory), directory::toString);
      assertFalse(isMounted(directory), directory::toString);
    }
  }

  @Test
  void thePoolOfAKilledJvmIsGone() throws Exception {
    // given
    Process owner =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Owner.class.getName())
            .redirectErrorStream(true)
            .start();
    try {
      Path directory = Path.of(Objects.requireNonNull(owner.inputReader().readLine()));
      assertTrue(isMounted(directory.resolve("mnt")), directory::toString);
      // when
      owner.destroyForcibly().waitFor();
      // then
      Deadline limit = Deadline.in(Duration.ofSeconds(20));
      assertTrue(limit.await(() -> !Files.exists(directory)), directory::toString);
      assertFalse(isMounted(directory), directory::toString);
      assertEquals(
          "",
          HostCommand.attempt(Path.of("/"), List.of("pgrep", "-f", directory.toString())).output());
    } finally {
      owner.destroyForcibly();
    }
  }

  /** A JVM that has a pool and does nothing. */
  static final class Owner {
    private Owner() {}

    public static void main(String[] args) throws Exception {
      try (var pool = ZfsFusePool.create(SIZE)) {
        System.out.println(pool.mountPoint().getParent());
        Thread.sleep(Duration.ofMinutes(2).toMillis());
      }
    }
  }
}
