package dev.stillpoint.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.qapi.Cont;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** The example of the fake server in {@code docs/qmp.md} is code that compiles and works. */
class FakeServerExampleTest {
  private static final Path PAGE = Path.of("..", "docs", "qmp.md");
  private static final Path SOURCE =
      Path.of("src", "test", "java", "dev", "stillpoint", "qmp", "FakeServerExampleTest.java");
  private static final String BEGIN = "  // docs/qmp.md: begin\n";
  private static final String END = "  // docs/qmp.md: end\n";

  // docs/qmp.md: begin
  @Test
  void aReplyThatComesTooLateIsNotTakenForTheNext() {
    try (var monitor = FakeQmpServer.start()) {
      monitor.on("query-status").returns("{'status': 'paused', 'running': false}");
      monitor.on("cont").returns("{}").fault("cont", Fault.HELD);
      try (var client = QmpClient.connect(monitor.endpoint()).join()) {
        var late = client.execute(new Cont(), Duration.ofMillis(100));
        assertThrows(CompletionException.class, late::join);

        monitor.peer().releaseReplies();

        assertTrue(!client.execute(new QueryStatus()).join().running());
        assertEquals(1, client.lateReplies());
        assertEquals(List.of("qmp_capabilities", "cont", "query-status"), monitor.commands());
      }
    }
  }

  // docs/qmp.md: end

  @Test
  void thePageShowsTheCodeAbove() throws IOException {
    String source = Files.readString(SOURCE);
    String code =
        source
            .substring(source.indexOf(BEGIN) + BEGIN.length(), source.indexOf(END))
            .stripTrailing()
            .replaceAll("(?m)^ {2}", "");

    assertTrue(Files.readString(PAGE).contains("```java\n" + code + "\n```\n"), code);
  }
}
