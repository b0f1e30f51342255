package dev.stillpoint.testkit.oracle;

/** What an oracle says: whether all is as it should be, and what was seen. */
public record Finding(boolean good, String seen) {
  @Override
  public String toString() {
    return (good ? "yes: " : "NO: ") + seen;
  }
}
