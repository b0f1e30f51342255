package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.backends.qemu.image.ImageProbe;
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
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Disks of no machine that is known: image files and block devices of this host by their paths, and
 * what only a method knows by name. The default is the method of what the disk is (a logical
 * volume, a zvol), or of the file system that it lies on; for what was cut before, that of our
 * overlays where the disk is one.
 */
public final class BareDisks implements DiskLocator {
  private static final String RAW = "raw";
  private static final String QCOW2 = "qcow2";

  private final Function<SelectedDisk, Optional<DiskSource>> told;
  private final UnaryOperator<LocatedDisk> standard;

  /** Nothing is looked up before it is asked for. */
  public BareDisks() {
    this(asked -> Optional.empty());
  }

  /**
   * Disks of which somebody knows what they are.
   *
   * @param told where the bytes of a disk live and in which format, so that neither is guessed from
   *     its name and what is in it
   */
  BareDisks(Function<SelectedDisk, Optional<DiskSource>> told) {
    this(told, DefaultMethod::bare);
  }

  private BareDisks(
      Function<SelectedDisk, Optional<DiskSource>> told, UnaryOperator<LocatedDisk> standard) {
    this.told = told;
    this.standard = standard;
  }

  /** Those of which snapshots are looked for, that are reverted, or lose one. */
  public static BareDisks withSnapshots() {
    return new BareDisks(asked -> Optional.empty(), DefaultMethod::kept);
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
    return new BareDisks().one(asked);
  }

  private LocatedDisk one(SelectedDisk asked) {
    return OwnData.required(
        standard.apply(new LocatedDisk(asked, source(asked), CutDisk.named(asked.name()))));
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
      LocatedDisk disk = one(one);
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

  private DiskSource source(SelectedDisk asked) {
    Optional<DiskSource> known = told.apply(asked);
    if (known.isPresent() && DefaultMethod.path(known.get()).isEmpty()) {
      return known.get();
    }
    Optional<Path> path = existing(asked.name());
    if (path.isPresent()) {
      String format = format(asked, path.get(), known.map(DiskSource::format));
      return Files.isRegularFile(path.get())
          ? new DiskSource.File(path.get(), format)
          : new DiskSource.Device(path.get(), format);
    }
    if (asked.method().isEmpty() || asked.name().startsWith("/")) {
      throw refused(
          asked, ErrorCode.NO_SUCH_DISK, "there is no '" + asked.name() + "' on this host");
    }
    return new DiskSource.Remote(asked.name(), RAW);
  }

  /** A disk that is known to be raw is not looked into: its guest decides what it looks like. */
  private static String format(SelectedDisk asked, Path path, Optional<String> known) {
    if (known.filter(RAW::equals).isPresent()) {
      return RAW;
    }
    try {
      String found = ImageProbe.read(path, known).format();
      if (known.filter(QCOW2::equals).isPresent() && !found.equals(QCOW2)) {
        throw new IOException("it is no " + QCOW2);
      }
      return known.orElse(found);
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
