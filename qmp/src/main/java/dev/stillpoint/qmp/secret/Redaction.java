package dev.stillpoint.qmp.secret;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.stillpoint.qmp.names.SecretsInNames;
import dev.stillpoint.qmp.qapi.SecretMembers;

/**
 * Takes out of arguments and replies what is not for a log: passwords, and what a person types into
 * a machine or reads out of a guest. Both protocols. The same members are left out of the text of
 * the generated records.
 *
 * <p>It knows members by their names, and within texts the names of images that QEMU was given:
 * URLs, {@code rbd:...} and {@code json:{...}}. Any other password within a text is not known as
 * one.
 */
public final class Redaction {
  /** What stands in the place of a secret. */
  public static final String HIDDEN = SecretsInNames.HIDDEN;

  private Redaction() {}

  /**
   * A text without the secrets of the names of images in it: passwords and queries of URLs, keys of
   * images of Ceph, and members of {@code json:} names. Everything else of it stays, so that two
   * names that differ in more than their secrets still differ. Done twice it is as done once.
   */
  public static String ofText(String text) {
    return SecretsInNames.hide(text);
  }

  /** The arguments of a command without secrets; what was given stays as it is. */
  public static JsonNode ofArguments(String command, JsonNode arguments) {
    JsonNode hidden = hide(command, arguments);
    if (command.equals("qom-set") && isSecretProperty(arguments)) {
      ((ObjectNode) hidden).put("value", HIDDEN);
    }
    return hidden;
  }

  /**
   * The value of a reply without secrets; what was given stays as it is.
   *
   * @param arguments those that it answers
   */
  public static JsonNode ofReply(String command, JsonNode arguments, JsonNode value) {
    return isSecretReply(command, arguments) ? TextNode.valueOf(HIDDEN) : hide(command, value);
  }

  /** Whether nothing of a reply is for a log. */
  public static boolean isSecretReply(String command, JsonNode arguments) {
    return SecretMembers.of(command, "return")
        || (command.equals("qom-get") && isSecretProperty(arguments));
  }

  private static boolean isSecretProperty(JsonNode arguments) {
    return arguments.isObject()
        && SecretMembers.of("object-add", arguments.path("property").asText());
  }

  private static JsonNode hide(String command, JsonNode value) {
    if (value instanceof ObjectNode object) {
      ObjectNode copy = JsonNodeFactory.instance.objectNode();
      object
          .properties()
          .forEach(member ->
              copy.set(
                  member.getKey(),
                  SecretMembers.of(command, member.getKey())
                      ? TextNode.valueOf(HIDDEN)
                      : hide(command, member.getValue())));
      return copy;
    }
    if (value instanceof ArrayNode list) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode(list.size());
      list.forEach(element -> copy.add(hide(command, element)));
      return copy;
    }
    return value.isTextual() ? TextNode.valueOf(ofText(value.textValue())) : value;
  }
}
