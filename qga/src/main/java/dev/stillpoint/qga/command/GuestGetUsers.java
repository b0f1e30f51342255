package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-get-users}: who is logged in. */
public record GuestGetUsers() implements QgaCommand<List<LoggedInUser>> {
  @Override
  public String command() {
    return "guest-get-users";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<LoggedInUser>>() {}.getType();
  }
}
