package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.LineSocket;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Agents of other Debian suites in the same guest. */
class AgentVersionsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @ParameterizedTest
  @CsvSource({"bullseye,5.2.", "trixie,10.", "trixie-backports,11."})
  void anotherSuitesAgentRuns(String suite, String version) throws IOException {
    try (Guest guest = start(GuestConfig.threeDisks().withAgentOf(suite));
        LineSocket socket = LineSocket.connect(AgentSafety.require(guest))) {
      var agent = new AgentLines(socket);
      // given the agent of that suite
      String info = agent.ask("guest-info");
      assertTrue(info.contains("\"version\": \"" + version), info);
      // then it freezes and thaws
      assertEquals("{\"return\": 3}", agent.ask("guest-fsfreeze-freeze"));
      assertTrue(guest.isFrozen("/data0"));
      assertEquals("{\"return\": 3}", agent.ask("guest-fsfreeze-thaw"));
      guest.awaitNextAck(LIMIT);
    }
  }

  private static Guest start(GuestConfig config) {
    try {
      return WarmGuest.start(config);
    } catch (UnavailableSuiteException e) {
      return Assumptions.abort(e.getMessage());
    }
  }

  @Test
  void aSuiteThatTheMirrorDoesNotGiveIsToldAsSuch() {
    var failure =
        assertThrows(UnavailableSuiteException.class, () -> DebianPackages.agent("no-such-suite"));
    assertTrue(failure.toString().contains("no-such-suite"), failure.toString());
  }
}
