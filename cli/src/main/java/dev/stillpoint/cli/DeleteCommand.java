package dev.stillpoint.cli;

import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
            + " content. An overlay of the method qemu is merged into the image below it; a merge that"
            + " takes longer than the timeout goes on in QEMU, and the same command takes it up.",
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
        this::deleted);
  }

  private List<String> deleted(SnapshotStore store, Deadline deadline) {
    Optional<DiskSource> moved = store.delete(stored.disk(), name, deadline);
    List<String> lines = new ArrayList<>();
    lines.add("the snapshot " + name + " of " + stored.disk().name() + " is removed");
    moved.ifPresent(source ->
        lines.add(
            "the disk is written to " + ResultText.of(source) + " from now on: persist that"));
    return lines;
  }
}
