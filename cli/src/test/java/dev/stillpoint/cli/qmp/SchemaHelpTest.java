package dev.stillpoint.cli.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Help as a person reads it. */
class SchemaHelpTest {
  private static String on(String... words) {
    return String.join("\n", new SchemaHelp(TestSchema.read(), 60).on(List.of(words)));
  }

  @Test
  void aCommandTellsWhatItTakesAndReturns() {
    assertEquals(
        """
        block_resize
          [device]     text
          [node-name]  text
          size         a whole number
        returns nothing\
        """,
        on("block_resize"));
    assertEquals(
        """
        old (deprecated)
          QEMU allows it out of band
          takes no arguments
        returns a list of: text (help old returns)\
        """,
        on("old"));
  }

  @Test
  void kindsAreToldOneByOne() {
    assertEquals(
        """
        blockdev-add
          driver       file|qcow2|null
          [read-only]  true or false
          [ratio]      a number
          [old]        text (deprecated)
          more with each driver: add driver=... to this help
        returns nothing\
        """,
        on("blockdev-add"));
    assertTrue(on("blockdev-add", "driver=file").contains("\n  filename     text\n"));
    assertTrue(
        on("blockdev-add", "driver=qcow2").contains("[backing]    an object or text or null"));
  }

  @Test
  void oneLooksIntoWhatIsWithin() {
    assertEquals(
        """
        blockdev-add hints: a list of: an object
          hint     text
          [level]  a whole number\
        """,
        on("blockdev-add", "driver=qcow2", "hints"));
    assertEquals(
        """
        set_password protocol: vnc|spice
          vnc, spice (unstable)\
        """,
        on("set_password", "protocol"));
    assertEquals(
        """
        query-status returns: an object
          running  true or false\
        """,
        on("query-status", "returns"));
    assertTrue(on("blockdev-add", "file.filename").contains("text"));
    assertTrue(on("blockdev-add", "file", "file.driver=file").contains("filename"));
  }

  @Test
  void anEventTellsWhatItCarries() {
    assertEquals("SHUTDOWN, an event\n  guest  true or false", on("SHUTDOWN"));
    assertEquals("STOP, an event\n  carries nothing", on("STOP"));
  }

  @Test
  void furtherArgumentsAreToldOf() {
    assertTrue(on("device_add").contains("no schema tells"));
  }

  @Test
  void noLineIsWiderThanTheTerminal() {
    for (int width : new int[] {40, 50, 60}) {
      new SchemaHelp(TestSchema.read(), width)
          .on(List.of("blockdev-add", "driver=qcow2"))
          .forEach(line -> assertTrue(line.length() <= width, line));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"nix", "block_resize nix", "block_resize size.x", "STOP x"})
  void whatIsNotThereIsSaid(String words) {
    assertThrows(Mistake.class, () -> on(words.split(" ", -1)));
  }
}
