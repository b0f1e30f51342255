package dev.stillpoint.qmp.generator.java;

import dev.stillpoint.qmp.generator.model.Life;
import dev.stillpoint.qmp.generator.model.Member;

/**
 * A component of a record.
 *
 * @param name in Java
 * @param nullable whether it may be absent
 * @param isSecret whether its value is kept out of texts
 */
record Component(String name, Member member, JavaType type, boolean nullable, boolean isSecret) {
  private static final String UNTOLD = "further properties";

  static Component of(Schema schema, String owner, Member member) {
    return new Component(
        JavaNames.member(member.name()),
        member,
        Base64Members.type(schema, owner, member),
        member.mayBeAbsent(schema.model().versions().getFirst()),
        Secrets.isSecret(owner, member.name()));
  }

  /** The members that the schema does not tell. */
  static Component more() {
    String map = "java.util.Map<String, Object>";
    return new Component(
        "properties",
        new Member(UNTOLD, "", true, Life.ALWAYS),
        new JavaType(map, map, "java.util.Map", ""),
        true,
        false);
  }

  /** The type, with what tells that it may be null. */
  String written() {
    return nullable ? type.nullable() : type.name();
  }

  /** As a component of the record, annotations included. */
  String declaration() {
    var text = new StringBuilder();
    if (member.life().isDeprecated()) {
      text.append("@Deprecated ");
    }
    if (member.life().isUnstable()) {
      text.append("@Unstable ");
    }
    if (member.name().equals(UNTOLD)) {
      text.append("@com.fasterxml.jackson.annotation.JsonAnyGetter ");
    } else if (!JavaNames.isRegular(member.name())) {
      text.append("@JsonProperty(\"").append(member.name()).append("\") ");
    }
    return text.append(written()).append(' ').append(name).toString();
  }

  /** As a parameter. */
  String parameter() {
    return written() + " " + name;
  }
}
