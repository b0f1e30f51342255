package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-ssh-get-authorized-keys}: the keys that may log in as a user. */
public record GuestSshGetAuthorizedKeys(String username) implements QgaCommand<AuthorizedKeys> {
  @Override
  public String command() {
    return "guest-ssh-get-authorized-keys";
  }

  @Override
  public Type resultType() {
    return AuthorizedKeys.class;
  }
}
