package dev.stillpoint.qmp.generator.model;

import java.util.List;

/** Something that a schema defines under a name. */
public sealed interface Definition {
  /** The name in the schema. */
  String name();

  /** When it is there. */
  Life life();

  /** What it consists of by itself; without what it has from others. */
  List<Member> members();

  /**
   * A command.
   *
   * @param data the type of the arguments; empty where they are the members
   * @param returns the type of the reply; empty where it holds nothing
   * @param flags of {@link Flag}
   */
  record Command(
      String name, Life life, String data, List<Member> members, String returns, List<Flag> flags)
      implements Definition {}

  /** What is special about a command. */
  enum Flag {
    /** May overtake others where the server offers it. */
    OUT_OF_BAND,
    /** May be given before the machine is set up. */
    PRECONFIG,
    /** Takes members that the schema does not tell. */
    OPEN,
    /** Is not answered when it succeeds. */
    SILENT
  }

  /**
   * An event.
   *
   * @param data the type of what it carries; empty where that is the members
   */
  record Event(String name, Life life, String data, List<Member> members) implements Definition {}

  /**
   * An object.
   *
   * @param base the type whose members it has too; empty for none
   */
  record Struct(String name, Life life, String base, List<Member> members) implements Definition {}

  /** One of some words. */
  record Enumeration(String name, Life life, List<Member> members) implements Definition {}

  /**
   * An object whose members depend on one of them.
   *
   * @param base the type whose members it always has; empty where these are the common ones
   * @param common the members that it always has
   * @param discriminator the member that decides
   * @param members the branches: the value that decides, and the type of the further members
   */
  record Union(
      String name,
      Life life,
      String base,
      List<Member> common,
      String discriminator,
      List<Member> members)
      implements Definition {}

  /** One of several types, told apart by their form in JSON. */
  record Alternate(String name, Life life, List<Member> members) implements Definition {}
}
