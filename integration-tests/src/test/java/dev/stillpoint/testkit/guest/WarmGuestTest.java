package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class WarmGuestTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @Test
  void clonesRunOnDisksOfTheirOwn() throws Exception {
    // given two running copies of one guest
    WarmGuest warm = WarmGuest.of(GuestConfig.threeDisks());
    try (Guest first = warm.start()) {
      try (Guest second = warm.start()) {
        // when one of them gets a file
        first.shell("echo mine > /data1/mine && sync");
        // then the other does not have it
        assertEquals("none\n", second.shell("ls /data1/mine 2>/dev/null || echo none"));
        assertNotEquals(first.images(), second.images());
        // and both write on
        long ack = first.awaitNextAck(LIMIT);
        assertTrue(second.awaitNextAck(LIMIT) > 0 && ack > 0);
      }
    }
  }

  @Test
  void aCloneMayTraceWhatItsOriginalDidNot() throws Exception {
    // given a clone that traces the monitor
    WarmGuest warm = WarmGuest.of(GuestConfig.threeDisks());
    try (Guest guest = warm.startTraced("handle_qmp_command", "virtio_console_chr_read")) {
      // when the kit has resumed it and asked its agent
      String trace = Files.readString(guest.trace());
      // then both are there
      assertTrue(trace.contains("handle_qmp_command"), trace);
      assertTrue(trace.contains("virtio_console_chr_read"), trace);
    }
  }

  @Test
  void theAgentDiesAndComesBack() {
    // given a clone whose agent is killed
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      guest.signalAgent("KILL");
      assertEquals("gone\n", guest.shell("pidof qemu-ga || echo gone"));
      // when it is started again, then it answers
      guest.startAgent();
      guest.awaitAgent();
    }
  }

  @Test
  void aFailingCommandInTheGuestIsAnError() {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks())) {
      var failure = assertThrows(IllegalStateException.class, () -> guest.shell("ls /nowhere"));
      assertTrue(failure.toString().contains("No such file"), failure.toString());
      assertEquals("still here\n", guest.shell("echo still here"));
    }
  }
}
