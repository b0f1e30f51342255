package dev.stillpoint.cli.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A line of the shell as words. */
class ShellWordsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a  b=c |a;b=c",
        "a 'b c'd|a;b cd",
        "a \"b \\\" \\\\ c\"|a;b \" \\ c",
        "a b\\ c|a;b c",
        "a {\"b\": [1, \"} ]\"]} c|a;{\"b\": [1, \"} ]\"]};c",
        "a b:=[1, {\"c d\": 2}]|a;b:=[1, {\"c d\": 2}]",
        "a b={\"c\": \"\\\"}\"}|a;b={\"c\": \"\\\"}\"}",
        "a b:=\"c d\"|a;b:=\"c d\"",
        "a b=\"c d\"|a;b=c d",
        "a b=c{d|a;b=c{d",
        "a b='{'|a;b={",
      })
  void aLineIsSplit(String line, String words) {
    assertEquals(List.of(words.split(";", -1)), ShellWords.texts(line));
  }

  @Test
  void anEndOfLineBehindABackslashIsNoPartOfAWord() {
    assertEquals(List.of("a", "b=c"), ShellWords.texts("a \\\nb=\\\nc"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a 'b", "a \"b", "a {\"b\": 1", "a b:=[1,", "a b:=\"c", "a \\"})
  void whatIsNotClosedWantsMore(String line) {
    assertTrue(ShellWords.isOpen(ShellWords.split(line)));
    assertThrows(Mistake.class, () -> ShellWords.texts(line));
  }
}
