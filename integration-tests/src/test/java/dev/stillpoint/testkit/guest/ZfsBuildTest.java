package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a build of OpenZFS ends, with a source that is none. */
@Timeout(60)
class ZfsBuildTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir private Path source = Path.of("");

  private Process build(String configure) throws IOException {
    Path file = Files.writeString(source.resolve("configure"), "#!/bin/sh\n" + configure);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    List<String> command =
        List.of(
            HostTools.path("sh"),
            "-c",
            GuestImage.text("build-zfs.sh"),
            "build-zfs",
            source.toString(),
            "common",
            "own",
            "1");
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(source.resolve("log").toFile())
        .start();
  }

  @Test
  void itEndsWithAllThatItHasStartedWhenItsStarterDoes() throws Exception {
    // given
    Process build = build("sleep 100 & echo $! > started.tmp; mv started.tmp started; wait\n");
    Path started = source.resolve("started");
    assertTrue(Deadline.in(LIMIT).await(() -> Files.exists(started)));
    Path child = Path.of("/proc", Files.readString(started).strip(), "exe");
    assertTrue(Files.exists(child));
    // when its input ends, as it does with a JVM that is killed
    build.getOutputStream().close();
    // then
    assertTrue(build.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertNotEquals(0, build.exitValue());
    assertTrue(Deadline.in(LIMIT).await(() -> !Files.exists(child)));
  }

  @Test
  void itsFailureIsTold() throws Exception {
    // given
    Process build = build("exit 3\n");
    // when, then
    assertTrue(build.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertEquals(3, build.exitValue());
  }
}
