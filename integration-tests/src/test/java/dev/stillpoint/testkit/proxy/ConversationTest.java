package dev.stillpoint.testkit.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.stillpoint.testkit.proxy.Moment.Kind;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConversationTest {
  private static final String PARSE_ERROR =
      "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, stray '\\\\xFF'\"}}\n";

  private final Conversation conversation = new Conversation();

  private void asked(String line) {
    conversation.sent(conversation.request(line));
  }

  private void assertReply(String command, String line) {
    Message reply = conversation.reply(line);
    assertEquals(Kind.REPLY, reply.kind());
    assertEquals(command, reply.name());
  }

  @Test
  void onlyTheOutermostMembersCount() {
    // given members of the same name deeper, in strings and in lists
    String line =
        "{\"execute\": \"x\", \"arguments\": {\"id\": 1, \"t\": \"\\\"id\\\": 2, }\"}, \"l\": [{\"id\":"
            + " 3}, 4], \"id\" : \"q-5\"}\n";
    // then they are not taken for the line's own
    assertEquals(
        Map.of(
            "execute", "\"x\"",
            "arguments", "{\"id\": 1, \"t\": \"\\\"id\\\": 2, }\"}",
            "l", "[{\"id\": 3}, 4]",
            "id", "\"q-5\""),
        Members.of(line));
  }

  @Test
  void whatIsNoJsonIsNoError() {
    for (String line : new String[] {"", "}{", "\u00FF\u0000\"", "{\"a\": ", "]]]:,", "{:,:}"}) {
      assertEquals("", conversation.request(line).name());
      assertEquals(Kind.OTHER, conversation.reply(line).kind());
    }
  }

  @Test
  void repliesWithoutIdsComeInOrder() {
    // given two requests without an id
    asked("{\"execute\":\"a\"}\n");
    asked("{\"execute\":\"b\"}\n");
    // then their answers are told apart by their order, and events between do not count
    assertReply("a", "{\"return\": {}}\n");
    assertEquals(Kind.EVENT, conversation.reply("{\"event\": \"STOP\", \"data\": {}}\n").kind());
    assertReply("b", "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n");
    assertReply("", "{\"return\": 3}\n");
  }

  @Test
  void anEchoedIdTellsMoreThanTheOrder() {
    // given requests with ids, one of them out of band
    asked("{\"execute\":\"a\",\"id\":1}\n");
    asked("{\"exec-oob\":\"b\",\"id\":\"two\"}\n");
    // then an answer that overtakes is known, and a stale one is nobody's
    assertReply("b", "{\"return\": {}, \"id\": \"two\"}\n");
    assertReply("", "{\"return\": 3}\n");
    assertReply("", "{\"return\": 3, \"id\": 99}\n");
    assertReply("a", "{\"return\": {}, \"id\": 1}\n");
  }

  @Test
  void aSyncEndsWhatWasBeforeIt() {
    // given a request whose answer is lost, then the reset and a sync
    asked("{\"execute\":\"a\"}\n");
    asked("\u00FF{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":7}}\n");
    asked("{\"execute\":\"b\"}\n");
    // then the answer to the reset is nobody's, and after the sync the order is right again
    assertReply("", PARSE_ERROR);
    assertReply("guest-sync-delimited", "\u00FF{\"return\": 7}\n");
    assertReply("b", "{\"return\": {}}\n");
  }
}
