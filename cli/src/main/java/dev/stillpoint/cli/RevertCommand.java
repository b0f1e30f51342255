package dev.stillpoint.cli;

import dev.stillpoint.core.snapshot.SnapshotName;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code stillpoint revert}. */
@Command(
    name = "revert",
    description =
        "Brings a disk back to a snapshot that its storage keeps. What was written since is lost; the"
            + " disk must be in use by nobody. The snapshot stays.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class RevertCommand implements Callable<Integer> {
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
    return stored.change(
        Objects.requireNonNull(spec, "picocli fills the specification in").commandLine(),
        (store, deadline) -> {
          store.revert(stored.disk(), name, deadline);
          return List.of("the disk " + stored.disk().name() + " is back at " + name);
        });
  }
}
