package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import java.util.List;

/**
 * {@code guest-ssh-remove-authorized-keys}: lets keys log in as a user no longer; one that is not
 * there is no error.
 */
public record GuestSshRemoveAuthorizedKeys(String username, List<String> keys)
    implements QgaCommand<Void> {
  /** How many keys, and not which. */
  @Override
  public String toString() {
    return "GuestSshRemoveAuthorizedKeys[username=" + username + ", " + keys.size() + " keys]";
  }

  @Override
  public String command() {
    return "guest-ssh-remove-authorized-keys";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
