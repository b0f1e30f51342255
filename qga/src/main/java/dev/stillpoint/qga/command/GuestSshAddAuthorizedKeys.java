package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-ssh-add-authorized-keys}: lets keys log in as a user.
 *
 * @param reset whether all other keys are dropped; null is no
 */
public record GuestSshAddAuthorizedKeys(String username, List<String> keys, @Nullable Boolean reset)
    implements QgaCommand<Void> {
  /** How many keys, and not which. */
  @Override
  public String toString() {
    return "GuestSshAddAuthorizedKeys[username=" + username + ", " + keys.size() + " keys]";
  }

  @Override
  public String command() {
    return "guest-ssh-add-authorized-keys";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
