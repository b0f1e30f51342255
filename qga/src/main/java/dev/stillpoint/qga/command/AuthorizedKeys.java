package dev.stillpoint.qga.command;

import java.util.List;

/** Keys in the form of {@code authorized_keys}. */
public record AuthorizedKeys(List<String> keys) {
  /** How many, and not which. */
  @Override
  public String toString() {
    return "AuthorizedKeys[" + keys.size() + " keys]";
  }
}
