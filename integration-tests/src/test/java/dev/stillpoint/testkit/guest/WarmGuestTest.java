package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class WarmGuestTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @Test
  void clonesRunOnDisksOfTheirOwn() throws Exception {
    // given two running copies of one guest
    long t0 = System.nanoTime();
    WarmGuest warm = WarmGuest.of(GuestConfig.threeDisks());
    long t1 = System.nanoTime();
    try (Guest first = warm.start()) {
      System.out.printf(
          "warm %d ms, clone %d ms%n", (t1 - t0) / 1000000, (System.nanoTime() - t1) / 1000000);
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
}
