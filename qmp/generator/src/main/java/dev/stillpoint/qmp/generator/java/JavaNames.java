package dev.stillpoint.qmp.generator.java;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** How names of the schema are written in Java. What Java cannot have stands in fixed tables. */
final class JavaNames {
  /** Members that are keywords, or methods of every object or of a command. */
  private static final Map<String, String> MEMBERS =
      Map.ofEntries(
          Map.entry("CPU", "cpu"),
          Map.entry("PC", "pc"),
          Map.entry("UUID", "uuid"),
          Map.entry("abstract", "isAbstract"),
          Map.entry("boolean", "booleanValue"),
          Map.entry("case", "caseMode"),
          Map.entry("class", "className"),
          Map.entry("command", "commandName"),
          Map.entry("default", "defaultValue"),
          Map.entry("enum", "enumeration"),
          Map.entry("if", "interfaceName"),
          Map.entry("implements", "implementing"),
          Map.entry("null", "nullValue"),
          Map.entry("package", "packageName"),
          Map.entry("static", "isStatic"),
          Map.entry("wait", "waiting"));

  /** Types that would hide one that every Java file knows. */
  private static final Map<String, String> TYPES =
      Map.of("String", "StringValue", "Null", "NullValue", "Other", "OtherValue");

  private static final Set<String> FORBIDDEN_MEMBERS =
      Set.of(
          "assert",
          "break",
          "byte",
          "catch",
          "char",
          "const",
          "continue",
          "do",
          "double",
          "else",
          "extends",
          "final",
          "finally",
          "float",
          "for",
          "goto",
          "import",
          "instanceof",
          "int",
          "interface",
          "long",
          "native",
          "new",
          "private",
          "protected",
          "public",
          "return",
          "short",
          "strictfp",
          "super",
          "switch",
          "synchronized",
          "this",
          "throw",
          "throws",
          "transient",
          "try",
          "void",
          "volatile",
          "while",
          "true",
          "false",
          "clone",
          "finalize",
          "getClass",
          "hashCode",
          "notify",
          "notifyAll",
          "toString",
          "equals",
          "resultType");

  private static final Set<String> FORBIDDEN_TYPES =
      Set.of(
          "Object",
          "Record",
          "Long",
          "Integer",
          "Boolean",
          "Double",
          "Number",
          "Void",
          "Class",
          "Override",
          "Deprecated",
          "SuppressWarnings",
          "Enum",
          "Error",
          "Iterable",
          "Character",
          "Process",
          "Runtime",
          "System",
          "Thread",
          "Module",
          "Package");

  private JavaNames() {}

  /** {@code query-block} as {@code QueryBlock}; a name that begins with a capital stays. */
  static String type(String schema) {
    String name = capital(words(schema));
    if (FORBIDDEN_TYPES.contains(name)) {
      throw new IllegalStateException("Java has a type of this name: " + schema);
    }
    return TYPES.getOrDefault(name, name);
  }

  /** {@code BLOCK_IO_ERROR} as {@code BlockIoErrorEvent}. */
  static String event(String schema) {
    return type(schema.toLowerCase(Locale.ROOT)) + "Event";
  }

  /** A branch, as the name of a nested type. */
  static String branch(String schema) {
    String name = capital(words(schema));
    return FORBIDDEN_TYPES.contains(name) ? name + "Value" : TYPES.getOrDefault(name, name);
  }

  /** {@code node-name} as {@code nodeName}. */
  static String member(String schema) {
    String name = words(schema);
    if (FORBIDDEN_MEMBERS.contains(name)) {
      throw new IllegalStateException("Java has no member of this name: " + schema);
    }
    return MEMBERS.getOrDefault(name, name);
  }

  /** {@code null-co} as {@code NULL_CO}; what begins with a digit gets a bar before it. */
  static String constant(String schema) {
    String name = schema.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
    return Character.isDigit(name.charAt(0)) ? "_" + name : name;
  }

  /** Whether the naming strategy of the codec finds the wire's name from the member's. */
  static boolean isRegular(String schema) {
    return schema.matches("[a-z]{2,}(-[a-z]{2,})*") && words(schema).equals(member(schema));
  }

  private static String words(String schema) {
    var name = new StringBuilder();
    boolean up = false;
    for (int i = 0; i < schema.length(); i++) {
      char c = schema.charAt(i);
      if (!Character.isLetterOrDigit(c)) {
        up = !name.isEmpty();
      } else {
        name.append(up ? Character.toUpperCase(c) : c);
        up = false;
      }
    }
    return Character.isDigit(name.charAt(0)) ? "_" + name : name.toString();
  }

  private static String capital(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}
