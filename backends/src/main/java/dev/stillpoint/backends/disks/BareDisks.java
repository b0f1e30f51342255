package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.backends.qemu.ImageProbe;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/**
 * Disks of no machine that is known: image files and block devices of this host by their paths, and
 * what only a method knows by name. The default is the method of what the disk is (a logical
 * volume, a zvol), or of the file system that it lies on.
 */
public final class BareDisks implements DiskLocator {
  private final UnaryOperator<LocatedDisk> known;

  /** Nothing is looked up before it is asked for. */
  public BareDisks() {
    this(UnaryOperator.identity());
  }

  /**
   * Disks of which somebody knows more than the images tell.
   *
   * @param known says what each one is, from what was found; may throw
   */
  BareDisks(UnaryOperator<LocatedDisk> known) {
    this.known = known;
  }

  @Override
  public CompletionStage<Located> locate(List<SelectedDisk> asked, Deadline deadline) {
    return Worker.later(() -> located(asked));
  }

  /**
   * One disk, with a method. Blocks.
   *
   * @throws SnapshotException when there is none such, or it has no default method
   */
  public static LocatedDisk locate(SelectedDisk asked) {
    return locate(asked, UnaryOperator.identity());
  }

  private static LocatedDisk locate(SelectedDisk asked, UnaryOperator<LocatedDisk> known) {
    var found = new LocatedDisk(asked, source(asked), CutDisk.named(asked.name()));
    return DefaultMethod.bare(known.apply(found));
  }

  /** All of them. Blocks. */
  Located located(List<SelectedDisk> asked) {
    if (asked.isEmpty()) {
      throw new SnapshotException(
          Failure.of(ErrorCode.BAD_REQUEST, "without a machine, the disks have to be named"));
    }
    Map<Object, String> taken = new HashMap<>();
    List<LocatedDisk> found = new ArrayList<>();
    for (SelectedDisk one : asked) {
      LocatedDisk disk = locate(one, known);
      String before = taken.putIfAbsent(identity(disk), one.name());
      if (before != null) {
        throw disk.refusal(
            ErrorCode.BAD_REQUEST, "'" + one.name() + "' is the same disk as '" + before + "'");
      }
      found.add(disk);
    }
    return new Located(
        found,
        List.of(),
        List.of("no machine was named: whether one writes to the disks meanwhile is not known"));
  }

  /** Two paths may lead to one file. */
  private static Object identity(LocatedDisk disk) {
    return switch (disk.source()) {
      case DiskSource.File file -> first(file.path());
      case DiskSource.Device device -> first(device.path());
      default -> List.of(disk.source().address(), disk.options());
    };
  }

  private static Object first(Path path) {
    List<Layer> under = LayerFinder.on(path);
    return under.isEmpty()
        ? path
        : switch (under.get(0)) {
          case Layer.File file -> List.of(file.device(), file.inode());
          default -> under.get(0);
        };
  }

  private static DiskSource source(SelectedDisk asked) {
    Optional<Path> path = existing(asked.name());
    if (path.isPresent()) {
      return source(asked, path.get());
    }
    if (asked.method().isEmpty() || asked.name().startsWith("/")) {
      throw refused(
          asked, ErrorCode.NO_SUCH_DISK, "there is no '" + asked.name() + "' on this host");
    }
    return new DiskSource.Remote(asked.name(), "raw");
  }

  private static DiskSource source(SelectedDisk asked, Path path) {
    try {
      String format = ImageProbe.read(path, Optional.empty()).format();
      return Files.isRegularFile(path)
          ? new DiskSource.File(path, format)
          : new DiskSource.Device(path, format);
    } catch (IOException e) {
      throw refused(
          asked,
          ErrorCode.DISK_UNSUITABLE,
          "'" + asked.name() + "' cannot be read as an image: " + e.getMessage());
    }
  }

  private static Optional<Path> existing(String name) {
    try {
      Path path = Path.of(name).toAbsolutePath();
      return name.isEmpty() || !Files.exists(path) || Files.isDirectory(path)
          ? Optional.empty()
          : Optional.of(path);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static SnapshotException refused(SelectedDisk asked, ErrorCode code, String message) {
    return new SnapshotException(Failure.ofDisk(code, message, asked.name()));
  }
}
