package dev.stillpoint.backends.guard;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guard whose owner is gone before it is there. */
@Timeout(60)
class GuardProcessTest {
  @TempDir private Path temporary;

  @Test
  void itEndsAndLeavesNothingOfItsOwners() throws Exception {
    // given a control socket that nobody serves any more
    Path directory = Files.createDirectory(temporary.resolve("guard"));
    abandonedSocket(directory.resolve(GuardProcess.SOCKET));
    // when
    Process guard =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                GuardProcess.class.getName(),
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    // then
    try {
      assertTrue(guard.waitFor(30, TimeUnit.SECONDS));
      assertFalse(Files.exists(directory));
    } finally {
      guard.destroyForcibly();
    }
  }

  private static void abandonedSocket(Path socket) throws IOException {
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
    }
    assertTrue(Files.exists(socket));
  }
}
