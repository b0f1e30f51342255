package dev.stillpoint.core.testing;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Settlement;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** A cut of the {@link DirectoryMethod}. */
final class DirectoryCut implements Cut {
  private final DirectoryMethod method;
  private final CutOrder order;
  private volatile boolean applied;
  private volatile boolean gone;

  DirectoryCut(DirectoryMethod method, CutOrder order) {
    this.method = method;
    this.order = order;
  }

  @Override
  public List<CutDisk> disks() {
    return order.disks().stream().map(LocatedDisk::guest).toList();
  }

  @Override
  public List<String> notCovered() {
    return List.of();
  }

  @Override
  public List<String> warnings() {
    return List.of();
  }

  @Override
  public boolean isOneInstant() {
    return order.disks().size() == 1;
  }

  @Override
  public Duration expectedTime() {
    return Duration.ZERO;
  }

  private Path place(LocatedDisk disk) {
    return method.place(disk, order.name());
  }

  @Override
  public List<Inventory> inventory() {
    boolean none =
        method.has(Flaw.TELLS_NO_BELONGINGS)
            || (gone && !method.has(Flaw.TELLS_BELONGINGS_FOR_EVER));
    return order.disks().stream()
        .map(disk -> {
          var one =
              new Belonging(Kind.VOLUME, "snapshot", place(disk).toString(), Optional.empty());
          return new Inventory(
              disk.name(),
              method.name(),
              "copy",
              DirectoryMethod.file(disk).toString(),
              Optional.empty(),
              Map.of(),
              none ? List.of() : List.of(one));
        })
        .toList();
  }

  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    return method.doing(() -> {
      for (LocatedDisk disk : order.disks()) {
        Path place = place(disk);
        if (method.has(Flaw.OVERWRITES)) {
          DirectoryMethod.remove(place);
        }
        try {
          Files.createDirectory(place);
        } catch (FileAlreadyExistsException e) {
          throw disk.refusal(ErrorCode.PREPARE_FAILED, place + " has appeared");
        }
        Files.createFile(DirectoryMethod.mark(place, order.operationId()));
      }
      return order;
    });
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    return method.doing(() -> {
      if (method.has(Flaw.COPIES_BEFORE_THE_CUT)) {
        copy();
      }
      return order;
    });
  }

  private void copy() throws IOException {
    for (LocatedDisk disk : order.disks()) {
      Path content = DirectoryMethod.content(place(disk));
      if (!Files.exists(content) || !method.has(Flaw.COPIES_BEFORE_THE_CUT)) {
        Files.copy(DirectoryMethod.file(disk), content);
      }
    }
  }

  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
    return method.later(() -> {
      Instant from = Instant.now();
      copy();
      return new CutReport(new PointInTime(from, Instant.now()), 1);
    });
  }

  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
    return method.later(() -> {
      for (LocatedDisk disk : order.disks()) {
        if (!Files.exists(DirectoryMethod.content(place(disk)))) {
          return new Settlement(Settlement.State.NOT_APPLIED, List.of(), List.of());
        }
      }
      applied = true;
      List<DiskSnapshot> made =
          order.disks().stream()
              .map(disk -> method.result(disk.name(), DirectoryMethod.file(disk), place(disk)))
              .toList();
      return new Settlement(Settlement.State.APPLIED, made, List.of());
    });
  }

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    return method.doing(() -> {
      for (LocatedDisk disk : order.disks()) {
        Path content = DirectoryMethod.content(place(disk));
        if (method.has(Flaw.UNDO_TAKES_WRITES_BACK) && Files.exists(content)) {
          Files.write(DirectoryMethod.file(disk), Files.readAllBytes(content));
        }
      }
      if (!method.has(Flaw.UNDOES_NOTHING)) {
        remove();
        applied = false;
      }
      return order;
    });
  }

  private void remove() throws IOException {
    List<LocatedDisk> disks = order.disks();
    boolean some =
        method.has(Flaw.UNDOES_ONE_OF_A_GROUP) || method.has(Flaw.LEAVES_SOME_OF_A_GROUP);
    for (LocatedDisk disk : some ? disks.subList(disks.size() - 1, disks.size()) : disks) {
      if (Files.exists(DirectoryMethod.mark(place(disk), order.operationId()))) {
        DirectoryMethod.remove(place(disk));
      }
      if (method.has(Flaw.UNDOES_ALL_OPERATIONS)) {
        method.removeAllBeside(place(disk));
      }
    }
    gone = true;
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
    return method.doing(() -> {
      boolean keep = applied && !method.has(Flaw.CLEANS_WHAT_WAS_APPLIED);
      if (!keep && !method.has(Flaw.LEAVES_WHAT_WAS_BEGUN)) {
        remove();
      }
      return order;
    });
  }
}
