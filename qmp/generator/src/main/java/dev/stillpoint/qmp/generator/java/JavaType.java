package dev.stillpoint.qmp.generator.java;

/**
 * A type of the schema in Java.
 *
 * @param name as a component's type
 * @param boxed as it is written where it may be null or is an argument of another type
 * @param raw the type without arguments, as before {@code .class}
 * @param element what the list is of; empty where it is none
 */
record JavaType(String name, String boxed, String raw, String element) {
  private static final String LIST = "java.util.List";

  static JavaType plain(String name) {
    return new JavaType(name, name, name, "");
  }

  static JavaType primitive(String name, String boxed) {
    return new JavaType(name, boxed, boxed, "");
  }

  /** A list of this. */
  JavaType list() {
    String full = LIST + "<" + boxed + ">";
    return new JavaType(full, full, LIST, boxed);
  }

  boolean isList() {
    return !element.isEmpty();
  }

  /** The raw type without its package, for where a component's name could hide that. */
  String simpleName() {
    return raw.substring(raw.lastIndexOf('.') + 1);
  }

  /** As it is written where it may be null. */
  String nullable() {
    int dot = raw.lastIndexOf('.') + 1;
    return boxed.substring(0, dot) + "@Nullable " + boxed.substring(dot);
  }
}
