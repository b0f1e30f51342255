package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What snapshot says where nothing can begin; the rest is tested with real machines. */
@Timeout(30)
class SnapshotCommandTest {
  @TempDir Path directory;

  private static Run snapshot(String monitor, String... more) {
    var arguments = new ArrayList<>(List.of("snapshot", "--qmp", monitor, "--name", "n"));
    arguments.addAll(List.of(more));
    return Run.of(arguments.toArray(String[]::new));
  }

  @Test
  void aMonitorThatDoesNotExist() throws JsonProcessingException {
    // given
    String absent = directory.resolve("absent.sock").toString();
    // when
    Run text = snapshot(absent);
    Run json = snapshot(absent, "-o", "json");
    // then
    assertEquals(ExitCode.FAILED, text.code());
    assertEquals("", text.out());
    assertTrue(text.err().contains(absent), text.err());
    assertTrue(text.err().contains("was never frozen"), text.err());
    assertEquals(ExitCode.FAILED, json.code());
    JsonNode told = new ObjectMapper().readTree(json.out());
    assertEquals("failed", told.path("outcome").asText());
    assertEquals("monitor-unavailable", told.path("error").path("code").asText());
    assertTrue(told.path("error").path("message").asText().contains(absent), json.out());
  }

  @Test
  void whatIsNoMonitor() {
    // given
    try (var peer = FakeQmpServer.start().opensWith("SSH-2.0-OpenSSH_9.2\n")) {
      // when
      Run run = snapshot(peer.endpoint().toString());
      // then
      assertEquals(ExitCode.FAILED, run.code());
      assertTrue(run.err().contains("was never frozen"), run.err());
    }
  }
}
