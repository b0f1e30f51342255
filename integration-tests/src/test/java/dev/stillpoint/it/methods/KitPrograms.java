package dev.stillpoint.it.methods;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.testkit.storage.CephCluster;
import dev.stillpoint.testkit.storage.ZfsFusePool;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;

/** The programs of a host that has one of the kit's storages; its own run where that is. */
record KitPrograms(String program, UnaryOperator<List<String>> there) implements Programs {
  private static final Programs LOCAL = new LocalPrograms();

  static Programs of(ZfsFusePool pool) {
    return new KitPrograms("zfs", arguments -> pool.command("zfs", arguments));
  }

  static Programs of(CephCluster cluster) {
    return new KitPrograms("rbd", arguments -> cluster.command("rbd", arguments));
  }

  /** The same, after something that is done before each. */
  static Programs held(Programs programs, Runnable before) {
    return new Held(programs, before);
  }

  @Override
  public String place() {
    return LOCAL.place();
  }

  @Override
  public Said run(List<String> command, Deadline deadline) throws IOException {
    return LOCAL.run(moved(command), deadline);
  }

  @Override
  public Said runToEnd(List<String> command) throws IOException {
    return LOCAL.runToEnd(moved(command));
  }

  private List<String> moved(List<String> command) {
    return command.get(0).equals(program)
        ? there.apply(command.subList(1, command.size()))
        : command;
  }

  private record Held(Programs programs, Runnable before) implements Programs {
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
}
