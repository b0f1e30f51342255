package dev.stillpoint.qmp.generator.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/** Arbitrary values of the types of a model, as they stand on the wire. */
public final class Samples {
  /** Below this depth nothing optional is written, so that every value ends. */
  private static final int DEPTH = 4;

  /** A list holds fewer than this. */
  private static final int LENGTH = 3;

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Model model;
  private final RandomGenerator random;

  /** The same random numbers give the same values. */
  public Samples(Model model, RandomGenerator random) {
    this.model = model;
    this.random = random;
  }

  /** The arguments of a command. */
  public ObjectNode arguments(Definition.Command command) {
    return (ObjectNode) both(command.data(), command.members());
  }

  /** What an event carries. */
  public ObjectNode carried(Definition.Event event) {
    return (ObjectNode) both(event.data(), event.members());
  }

  private JsonNode both(String data, List<Member> own) {
    return model.type(data) instanceof Definition.Union
        ? value(data, 0)
        : members(JSON.objectNode(), model.joined(data, own), 0);
  }

  /** A value of a type, by its name in the schema. */
  public JsonNode value(String type) {
    return value(type, 0);
  }

  private JsonNode value(String type, int depth) {
    if (type.startsWith("[")) {
      ArrayNode list = JSON.arrayNode();
      int length = depth > DEPTH ? 0 : random.nextInt(LENGTH);
      for (int i = 0; i < length; i++) {
        list.add(value(type.substring(1, type.length() - 1), depth + 1));
      }
      return list;
    }
    return switch (model.type(type)) {
      case null -> builtIn(type);
      case Definition.Struct struct ->
          members(JSON.objectNode(), model.allMembers(struct.name()), depth);
      case Definition.Union union -> union(union, depth);
      case Definition.Alternate alternate -> alternate(alternate, depth);
      case Definition.Enumeration words -> JSON.textNode(word(words));
      default -> throw new IllegalArgumentException("no type: " + type);
    };
  }

  private String word(Definition.Enumeration words) {
    int one = random.nextInt(words.members().size() + 1);
    return one < words.members().size() ? words.members().get(one).name() : "not-known-yet";
  }

  private ObjectNode members(ObjectNode into, List<Member> members, int depth) {
    for (Member member : members) {
      boolean there =
          !member.mayBeAbsent(model.versions().getFirst())
              || (depth <= DEPTH && random.nextInt(3) == 0);
      if (there && !into.has(member.name())) {
        into.set(member.name(), value(member.type(), depth + 1));
      }
    }
    return into;
  }

  private ObjectNode union(Definition.Union union, int depth) {
    ObjectNode into = JSON.objectNode();
    List<Member> branches = union.members();
    int one = random.nextInt(branches.size() + 1);
    // Deep down the shortest kind is taken: a union may be a member of itself.
    boolean other = one == branches.size() || depth > DEPTH;
    into.put(union.discriminator(), other ? "none-that-is-known" : branches.get(one).name());
    if (!other) {
      into.setAll((ObjectNode) value(branches.get(one).type(), depth));
    }
    return members(into, model.allMembers(union.name()), depth);
  }

  private JsonNode alternate(Definition.Alternate alternate, int depth) {
    List<Member> forms =
        alternate.members().stream()
            .filter(form -> depth <= DEPTH || isShort(form.type()))
            .filter(form -> !form.type().equals("null"))
            .toList();
    return value(forms.get(random.nextInt(forms.size())).type(), depth + 1);
  }

  /** Whether a type cannot hold itself. */
  private boolean isShort(String type) {
    return model.type(type) == null || model.type(type) instanceof Definition.Enumeration;
  }

  private JsonNode builtIn(String type) {
    return switch (type) {
      // Four characters, so that it is base64 as well, for the members that hold that.
      case "str" -> JSON.textNode("s" + random.nextInt(100, 1000));
      case "bool" -> JSON.booleanNode(random.nextBoolean());
      case "number" -> JSON.numberNode(random.nextInt(1000) / 8.0);
      case "int8", "uint8" -> JSON.numberNode(random.nextInt(0x80));
      case "int16", "uint16" -> JSON.numberNode(random.nextInt(0x8000));
      case "int32", "uint32" -> JSON.numberNode(random.nextInt(Integer.MAX_VALUE));
      case "int", "int64" -> JSON.numberNode(random.nextLong());
      case "uint64", "size" -> JSON.numberNode(random.nextLong() >>> 1);
      case "any" -> JSON.objectNode().put("any", random.nextInt());
      default -> throw new IllegalArgumentException("an unknown type: " + Objects.toString(type));
    };
  }
}
