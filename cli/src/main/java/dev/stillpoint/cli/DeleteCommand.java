package dev.stillpoint.cli;

import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code stillpoint delete}. */
@Command(
    name = "delete",
    description =
        "Removes a snapshot that a storage keeps, for ever. The disk may be in use, and keeps its"
            + " content.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DeleteCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;
  @Mixin private StoredOptions stored = new StoredOptions();

  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      converter = NameText.class,
      description = "the snapshot's name")
  private SnapshotName name = new SnapshotName("unnamed");

  @Override
  public Integer call() {
    CommandLine command =
        Objects.requireNonNull(spec, "picocli fills the specification in").commandLine();
    try {
      stored.with((store, deadline) -> store.delete(stored.disk(), name, deadline));
    } catch (SnapshotException e) {
      Plain.warn(command, e.failure().message());
      return ExitCode.FAILED;
    }
    command
        .getOut()
        .println(
            Plain.line("the snapshot " + name + " of " + stored.disk().name() + " is removed"));
    command.getOut().flush();
    return ExitCode.DONE;
  }
}
