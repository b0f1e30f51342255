package dev.stillpoint.qmp.generator.qapi;

/** A schema that cannot be read, and where. */
public final class QapiSyntaxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Where it went wrong, and how. */
  public QapiSyntaxException(String file, int line, String why) {
    super(file + ":" + line + ": " + why);
  }
}
