package dev.stillpoint.testkit.guest;

/** The mirror of this host does not give another suite's packages, so that no guest has them. */
public final class UnavailableSuiteException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnavailableSuiteException(String suite, Throwable cause) {
    super("the mirror of this host does not give " + suite + ": " + cause.getMessage(), cause);
  }

  UnavailableSuiteException(String suite, String missing) {
    super("the mirror of this host does not give " + missing + " of " + suite);
  }
}
