package dev.stillpoint.backends.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A program of the host has bounds, and its arguments reach it as they are. */
class HostProgramTest {
  @Test
  void argumentsPassNoShell() throws IOException {
    // when
    var said = HostProgram.find("printf").orElseThrow().run(List.of("%s|", "$(id) 'a\nb", ";"));
    // then
    assertEquals(new HostProgram.Said(0, "$(id) 'a\nb|;|", ""), said);
  }

  @Test
  void oneThatSaysTooMuchIsStopped() {
    // when
    var refused =
        assertThrows(IOException.class, () -> HostProgram.find("yes").orElseThrow().run(List.of()));
    // then
    assertTrue(refused.toString().contains("more than 1048576 bytes"), refused::toString);
  }

  @Test
  void oneThatIsNotThereIsNotFound() {
    // when, then
    assertEquals(Optional.empty(), HostProgram.find("no-such-program-here"));
  }
}
