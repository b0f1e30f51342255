package dev.stillpoint.qmp.schema;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A type as a running QEMU tells it. It names others by their keys, because types may hold
 * themselves; {@code QmpSchema.type} has the type of a key. Keys mean nothing beyond one QEMU.
 */
public sealed interface SchemaType {

  /** A value without parts. */
  record Plain(Json json) implements SchemaType {}

  /** One of some words. */
  record Words(List<Word> words) implements SchemaType {
    /** Copies the list. */
    public Words {
      words = List.copyOf(words);
    }

    /** Whether it is one of them. */
    public boolean has(String word) {
      return words.stream().anyMatch(one -> one.name().equals(word));
    }
  }

  /**
   * A list.
   *
   * @param element the key of what it is a list of
   */
  record Listing(String element) implements SchemaType {}

  /**
   * An object.
   *
   * @param members those of every kind
   * @param tag the member whose word decides on the kind, where there are kinds
   * @param kinds for a word of the tag, the key of the type whose members are there too
   */
  record Members(List<Member> members, Optional<String> tag, Map<String, String> kinds)
      implements SchemaType {
    /** Copies the list and the map. */
    public Members {
      members = List.copyOf(members);
      kinds = Map.copyOf(kinds);
    }
  }

  /**
   * One of several types, told apart by their form in JSON.
   *
   * @param forms their keys
   */
  record Choice(List<String> forms) implements SchemaType {
    /** Copies the list. */
    public Choice {
      forms = List.copyOf(forms);
    }
  }

  /** What a plain value is in JSON. */
  enum Json {
    /** Text. */
    STRING,
    /** A whole number. */
    INT,
    /** A number. */
    NUMBER,
    /** True or false. */
    BOOLEAN,
    /** Null and nothing else. */
    NULL,
    /** Anything. */
    VALUE
  }

  /**
   * A member of an object.
   *
   * @param name its name
   * @param type the key of its type
   * @param optional whether it may be absent
   * @param features such as {@code deprecated}
   */
  record Member(String name, String type, boolean optional, List<String> features) {
    /** Copies the list. */
    public Member {
      features = List.copyOf(features);
    }
  }

  /**
   * A word of an enumeration.
   *
   * @param name the word
   * @param features such as {@code deprecated}; older versions tell none
   */
  record Word(String name, List<String> features) {
    /** Copies the list. */
    public Word {
      features = List.copyOf(features);
    }
  }
}
