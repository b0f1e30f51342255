package dev.stillpoint.qmp.generator.java;

/**
 * What to write for a protocol.
 *
 * @param packageName of all that is generated
 * @param commandType what a command implements, with its package
 */
public record Target(String packageName, String commandType) {
  private static final String PACKAGE = "dev.stillpoint.";

  /** The target of {@code qmp} or {@code qga}. */
  public static Target of(String protocol) {
    return switch (protocol) {
      case "qmp" -> new Target(PACKAGE + "qmp.qapi", PACKAGE + "qmp.command.QmpCommand");
      case "qga" -> new Target(PACKAGE + "qga.qapi", PACKAGE + "qga.command.QgaCommand");
      default -> throw new IllegalArgumentException("an unknown protocol: " + protocol);
    };
  }
}
