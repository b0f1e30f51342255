package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-set-user-password}: sets a user's password.
 *
 * @param password never part of a text of ours
 * @param crypted whether it went through {@code crypt} already
 */
public record GuestSetUserPassword(String username, Bytes password, boolean crypted)
    implements QgaCommand<Void> {
  /** Without the password. */
  @Override
  public String toString() {
    return "GuestSetUserPassword[username=" + username + ", crypted=" + crypted + "]";
  }

  @Override
  public String command() {
    return "guest-set-user-password";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
