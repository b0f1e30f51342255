package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The README's library example is code that compiles and works. */
class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");
  private static final Path SOURCE =
      Path.of("src", "test", "java", "dev", "stillpoint", "it", "ReadmeTest.java");
  private static final String BEGIN = "    // README: begin\n";
  private static final String END = "    // README: end\n";
  private static final String BLOCK = "```java\n";

  private final List<DiskSource> backedUp = new ArrayList<>();
  private final List<DiskSource> configured = new ArrayList<>();

  @Test
  void itsExampleIsTheCodeBelow() throws IOException {
    String source = Files.readString(SOURCE);
    String readme = Files.readString(README);

    String code = between(source, BEGIN, END).replaceAll("(?m)^ {4}", "");

    assertEquals(code, between(readme, BLOCK, "```"));
  }

  @Test
  void itsExampleWorks() {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      SnapshotResult result = example(guest.qmp(), AgentSafety.require(guest));

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(2, backedUp.size());
      assertEquals(2, configured.size());
    }
  }

  private SnapshotResult example(Path monitor, Path agent) {
    // README: begin
    try (var qmp = QmpClient.connect(Endpoint.unix(monitor)).join();
        var qga = QgaClient.connect(Endpoint.unix(agent)).join()) {
      var engine = SnapshotEngine.builder().monitor(qmp).agent(qga).build();
      var request =
          SnapshotRequest.named("nightly")
              .disk("vd0")
              .disk("vd1")
              .quiesce(Quiesce.REQUIRE)
              .freezeWindow(Duration.ofSeconds(5));

      SnapshotResult result = engine.start(request).result().toCompletableFuture().join();

      for (DiskSnapshot disk : result.disks()) {
        disk.modifiedDisk().ifPresent(this::storeInConfiguration);
        backUp(disk.backupSource());
      }
      return result; // tells failures too: outcome(), error(), guest()
    }
    // README: end
  }

  private void storeInConfiguration(DiskSource modified) {
    configured.add(modified);
  }

  private void backUp(DiskSource source) {
    backedUp.add(source);
  }

  /** What stands between the first of two markers and the next of the other. */
  private static String between(String text, String begin, String end) {
    // The markers' own constants come first in this file, without the indentation of code.
    int from = text.indexOf("\n" + begin) + 1 + begin.length();
    assertTrue(from > begin.length(), "no " + begin.strip());
    int to = text.indexOf("\n" + end, from - 1) + 1;
    assertTrue(to > 0, "no " + end.strip());
    return text.substring(from, to);
  }
}
