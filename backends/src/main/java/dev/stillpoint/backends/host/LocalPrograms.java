package dev.stillpoint.backends.host;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.util.List;

/** The programs of this host. */
public final class LocalPrograms implements Programs {
  @Override
  public String place() {
    return "this host";
  }

  @Override
  public Said run(List<String> command, Deadline deadline) throws IOException {
    return find(command).run(arguments(command), "", deadline);
  }

  @Override
  public Said runToEnd(List<String> command) throws IOException {
    return find(command).runToEnd(arguments(command));
  }

  private HostProgram find(List<String> command) throws IOException {
    return HostProgram.find(command.get(0))
        .orElseThrow(() -> new MissingProgramException(command.get(0), place()));
  }

  private static List<String> arguments(List<String> command) {
    return command.subList(1, command.size());
  }
}
