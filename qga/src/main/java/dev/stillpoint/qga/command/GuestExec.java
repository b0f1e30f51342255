package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code guest-exec}: starts a program in the guest. */
public record GuestExec(String path, List<String> arg, @Nullable Boolean captureOutput)
    implements QgaCommand<ExecStarted> {
  @Override
  public String command() {
    return "guest-exec";
  }

  @Override
  public Type resultType() {
    return ExecStarted.class;
  }
}
