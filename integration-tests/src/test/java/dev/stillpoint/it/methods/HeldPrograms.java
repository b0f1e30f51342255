package dev.stillpoint.it.methods;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.util.List;

/** Programs before each of which something else is done. */
record HeldPrograms(Programs programs, Runnable before) implements Programs {
  @Override
  public String place() {
    return programs.place();
  }

  @Override
  public Said run(List<String> command, Deadline deadline) throws IOException {
    before.run();
    return programs.run(command, deadline);
  }

  @Override
  public Said runToEnd(List<String> command) throws IOException {
    before.run();
    return programs.runToEnd(command);
  }
}
