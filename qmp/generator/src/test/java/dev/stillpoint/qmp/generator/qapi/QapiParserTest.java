package dev.stillpoint.qmp.generator.qapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QapiParserTest {
  @Test
  void readsObjectsListsStringsAndBooleansPastComments() {
    var found =
        QapiParser.parse(
            "x.json",
            """
            # a comment with { 'braces': [ } in it
            { 'command': 'a-b', 'gen': false, # behind it
              'data': { '*x': ['str'], 'y': { 'type': 'int', 'features': [ 'deprecated' ] } } }
            { 'pragma': { 'doc-required': true } }
            """);

    assertEquals(2, found.size());
    assertEquals(2, found.getFirst().line());
    assertEquals(
        Map.of(
            "command",
            "a-b",
            "gen",
            false,
            "data",
            Map.of(
                "*x", List.of("str"),
                "y", Map.of("type", "int", "features", List.of("deprecated")))),
        found.getFirst().content());
  }

  @Test
  void takesVersionsFromTheCommentBeforeAndNothingElse() {
    var found =
        QapiParser.parse(
            "x.json",
            """
            ##
            # @Thing:
            #
            # Words that are not kept.  (Since 1.0 is said of nothing here)
            #
            # @old: more words
            #
            # @new: words over two lines, the second
            #     of which tells it.  (Since 8.1)
            #
            # Features:
            #
            # @deprecated: since it is bad (since 9.9)
            #
            # Since: 2.9
            ##
            { 'struct': 'Thing', 'data': { 'old': 'int', '*new': 'int' } }
            { 'enum': 'Bare', 'data': [] }
            """);

    assertEquals("2.9", found.get(0).since());
    assertEquals("8.1", found.get(0).memberSince().get("new"));
    assertTrue(!found.get(0).memberSince().containsKey("old"));
    assertEquals("", found.get(1).since());
    assertTrue(found.get(1).memberSince().isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{ 'a': 'b'",
        "{ 'a' 'b' }",
        "{ 'a': b }",
        "{ 'a': 'b }",
        "[ 'a' ]",
        "{ 'a': 1, 'a': 2 }",
        "{ 'a': 'b' 'c': 'd' }",
        "{ 'a': [ 'b' 'c' ] }",
        "{ 'a': 'b', 'a': 'c' }"
      })
  void saysWhereItDoesNotUnderstand(String text) {
    var failure =
        assertThrows(QapiSyntaxException.class, () -> QapiParser.parse("x.json", "\n" + text));

    assertTrue(String.valueOf(failure.getMessage()).startsWith("x.json:2: "), failure::getMessage);
  }
}
