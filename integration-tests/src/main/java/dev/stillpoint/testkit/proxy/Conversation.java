package dev.stillpoint.testkit.proxy;

import dev.stillpoint.testkit.proxy.Moment.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which reply on one connection belongs to which request. A reply that echoes an id belongs to the
 * request with that id; the others come in the order of their requests, which both protocols
 * promise. Not for more than one thread.
 */
final class Conversation {
  /** The agent's byte that ends whatever it was reading; it also leads a delimited reply. */
  private static final char RESET = '\u00FF';

  /** The answer to what was no JSON, above all to the reset byte, belongs to no request. */
  private static final String PARSE_ERROR = "JSON parse error";

  /** More than QEMU and the agent ever queue; beyond it the oldest is forgotten. */
  private static final int MOST_OPEN = 10_000;

  private static final String SYNC = "guest-sync-delimited";

  private final List<Request> open = new ArrayList<>();

  Message request(String line) {
    Map<String, String> members = members(line);
    String command = members.getOrDefault("execute", members.getOrDefault("exec-oob", ""));
    Kind kind = command.isEmpty() ? Kind.OTHER : Kind.REQUEST;
    return new Message(kind, Members.unquote(command), line);
  }

  /** A request has gone to the server, so that a reply to it may come. */
  void sent(Message request) {
    if (request.kind() != Kind.REQUEST) {
      return;
    }
    if (open.size() == MOST_OPEN) {
      open.remove(0);
    }
    open.add(new Request(request.name(), members(request.text()).getOrDefault("id", "")));
  }

  Message reply(String line) {
    Map<String, String> members = members(line);
    if (members.containsKey("event")) {
      return new Message(Kind.EVENT, Members.unquote(members.getOrDefault("event", "")), line);
    }
    if (!members.containsKey("return") && !members.containsKey("error")) {
      return new Message(Kind.OTHER, "", line);
    }
    String id = members.getOrDefault("id", "");
    if (line.indexOf(RESET) >= 0) {
      return new Message(Kind.REPLY, synced(id), line);
    }
    boolean nobodys = id.isEmpty() && members.getOrDefault("error", "").contains(PARSE_ERROR);
    return new Message(Kind.REPLY, nobodys ? "" : take(id), line);
  }

  /** Whatever was asked before a delimited sync will not be answered any more. */
  private String synced(String id) {
    for (int i = 0; i < open.size(); i++) {
      Request request = open.get(i);
      if (request.command().equals(SYNC) && request.id().equals(id)) {
        open.subList(0, i + 1).clear();
        return SYNC;
      }
    }
    return "";
  }

  private String take(String id) {
    for (Request request : open) {
      if (request.id().equals(id)) {
        open.remove(request);
        return request.command();
      }
    }
    return "";
  }

  private static Map<String, String> members(String line) {
    return Members.of(line.substring(line.lastIndexOf(RESET) + 1));
  }

  private record Request(String command, String id) {}
}
