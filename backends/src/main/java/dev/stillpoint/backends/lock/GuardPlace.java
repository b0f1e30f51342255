package dev.stillpoint.backends.lock;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the guard of an operation keeps its own locks, which outlive those of its owner, and where
 * it can be asked: files beside the machine's lock, named as that one is.
 *
 * @param locks one an endpoint, and one of the QEMU
 * @param door the guard's socket
 * @param note what the locks tell a person, without the guard's process, which adds itself
 */
public record GuardPlace(List<Path> locks, Path door, String note) {
  /** Copies the list. */
  public GuardPlace {
    locks = List.copyOf(locks);
  }

  /**
   * The place of a guard.
   *
   * @param machine the machine's endpoints; the door is named after the last one, so that the
   *     agent's has to be that
   * @param qemu the machine's process, where it is known
   * @throws IOException when there is no directory for it
   */
  public static GuardPlace of(
      List<Endpoint> machine, Optional<ProcessIdentity> qemu, String operation, String what)
      throws IOException {
    Path directory = RunDirectory.find();
    List<LockName> names = machine.stream().map(LockName::of).toList();
    return new GuardPlace(
        Stream.concat(names.stream(), qemu.map(LockName::of).stream())
            .map(name -> directory.resolve(name.guardFileName()))
            .distinct()
            .toList(),
        directory.resolve(names.get(names.size() - 1).doorName()),
        LockOwner.guardNote(operation, what, Instant.now().truncatedTo(ChronoUnit.MILLIS)));
  }

  /** Where a guard of one of these endpoints may be asked, whether one is there or not. */
  public static List<Path> doors(Collection<Endpoint> machine) {
    Optional<Path> directory = RunDirectory.existing();
    return directory.isEmpty()
        ? List.of()
        : machine.stream()
            .map(LockName::of)
            .map(name -> directory.get().resolve(name.doorName()))
            .distinct()
            .toList();
  }
}
