package dev.stillpoint.core.example;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.SnapshotMethod;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A method for small disks that are files: it copies them. The least that a method has to be; one
 * that lists, reverts and deletes overrides more.
 */
final class CopyMethod implements SnapshotMethod {
  static final String NAME = "copy";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public MethodTraits traits() {
    return new MethodTraits(
        MethodTraits.Span.DISK,
        Duration.ofMillis(1),
        true,
        Set.of(),
        Set.of(DiskSource.File.class));
  }

  /** Looks, and changes nothing; on another thread, as it waits for a file system. */
  @Override
  public CompletionStage<Cut> check(CutOrder order, Deadline deadline) {
    return CompletableFuture.supplyAsync(() -> {
      Map<LocatedDisk, Path> copies = new LinkedHashMap<>();
      for (LocatedDisk disk : order.disks()) {
        disk.requireOptionsAmong(Set.of());
        if (!(disk.source() instanceof DiskSource.File file) || !Files.exists(file.path())) {
          throw disk.refusal(ErrorCode.DISK_UNSUITABLE, disk.name() + " is no file");
        }
        Path copy = file.path().resolveSibling(file.path().getFileName() + "." + order.name());
        if (Files.exists(copy)) {
          throw disk.refusal(ErrorCode.SNAPSHOT_EXISTS, copy + " exists already");
        }
        copies.put(disk, copy);
      }
      return new CopyCut(copies);
    });
  }
}
