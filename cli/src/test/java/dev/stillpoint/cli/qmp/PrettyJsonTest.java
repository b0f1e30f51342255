package dev.stillpoint.cli.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** JSON for a person. */
class PrettyJsonTest {
  private static JsonNode json(String text) {
    return StrictJson.read(text.replace('\'', '"')).orElseThrow();
  }

  @Test
  void whatFitsStaysOnALine() {
    assertEquals("{\"a\": [1, 2], \"b\": {}}", PrettyJson.of(json("{'a':[1,2],'b':{}}"), 80));
  }

  @Test
  void whatDoesNotHasALineForEachMember() {
    assertEquals(
        """
        {
          "alpha": [
            "first",
            {"b": 1}
          ],
          "beta": {"c": []}
        }\
        """,
        PrettyJson.of(json("{'alpha':['first',{'b':1}],'beta':{'c':[]}}"), 20));
  }

  @Property
  void itIsTheSameJsonStillAndSpeaksToNoTerminal(
      @ForAll List<String> texts, @ForAll @IntRange(min = 1, max = 100) int width) {
    // given
    JsonNode json = json("{}").deepCopy();
    for (String text : texts) {
      ((ObjectNode) json).putArray(text).add(text);
    }
    // when
    String pretty = PrettyJson.of(json, width);
    // then
    assertEquals(json, StrictJson.read(pretty).orElseThrow());
    assertFalse(pretty.chars().anyMatch(c -> c != '\n' && Character.isISOControl(c)));
  }

  @Test
  void aTextOfManyLinesIsThoseLines() {
    assertEquals(
        List.of("a", "b\uFFFD[2J"), ReplyText.lines(TextNode.valueOf("a\r\nb\u001b[2J\n"), 80));
    assertEquals(List.of("\"a\\u001B\""), ReplyText.lines(TextNode.valueOf("a\u001b"), 80));
    assertEquals(List.of("\"\\u009B\""), ReplyText.lines(TextNode.valueOf("\u009b"), 80));
  }
}
