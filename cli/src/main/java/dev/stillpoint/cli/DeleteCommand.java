package dev.stillpoint.cli;

import dev.stillpoint.core.snapshot.SnapshotName;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
    return stored.change(
        Objects.requireNonNull(spec, "picocli fills the specification in").commandLine(),
        (store, deadline) -> store.delete(stored.disk(), name, deadline),
        "the snapshot " + name + " of " + stored.disk().name() + " is removed");
  }
}
