package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What a guest chose to be called cannot pass for a line of ours. */
class PlainTest {
  @Test
  void noGuestForgesALineOrSpeaksToTheTerminal() {
    assertEquals(
        "not covered: /mnt\uFFFDguest: thawed\uFFFD[2J",
        Plain.line("not covered: /mnt\nguest: thawed\u001b[2J"));
  }

  @Test
  void ordinaryTextStaysAsItIs() {
    assertEquals("/data/M\u00FCller (ext4)", Plain.line("/data/M\u00FCller (ext4)"));
  }
}
