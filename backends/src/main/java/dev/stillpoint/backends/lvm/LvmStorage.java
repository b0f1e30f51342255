package dev.stillpoint.backends.lvm;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.ProgramPlaces;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.backends.storage.PlannedSnapshot;
import dev.stillpoint.backends.storage.Presence;
import dev.stillpoint.backends.storage.Prospect;
import dev.stillpoint.backends.storage.Storage;
import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Snapshots of logical volumes: {@code lvcreate -s}, one after the other. A snapshot is named
 * {@code LV.NAME} and lies in the volume's own group; its tags say of which volume it is and which
 * operation made it.
 */
final class LvmStorage implements Storage {
  static final String NAME = "lvm";

  static final String VOLUME = "volume";
  static final String KIND = "kind";
  static final String THIN = "thin";
  static final String CLASSIC = "classic";
  static final String SIZE = "size";

  private static final String DEVICE = "device";
  private static final Set<String> OPTIONS =
      Stream.concat(Stream.of(DEVICE, SIZE), ProgramPlaces.OPTIONS.stream())
          .collect(Collectors.toUnmodifiableSet());
  private static final String OF = "stillpoint.of.";
  static final String BY = "stillpoint.by.";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public MethodTraits traits() {
    return new MethodTraits(
        MethodTraits.Span.DISK,
        Duration.ofMillis(500),
        true,
        EnumSet.allOf(MethodTraits.Ability.class),
        Set.of(DiskSource.Device.class, DiskSource.Remote.class));
  }

  @Override
  public PlannedSnapshot plan(LocatedDisk disk, SnapshotName name, Deadline deadline)
      throws IOException {
    Volume volume = volume(disk, deadline);
    String at = at(disk);
    String snapshot = VolumeNames.ofSnapshot(disk, volume, name);
    Map<String, String> options = new LinkedHashMap<>();
    options.put(VOLUME, volume.name());
    options.put(KIND, volume.isThin() ? THIN : CLASSIC);
    options.putAll(ProgramPlaces.among(disk.options()));
    String size = disk.options().get(SIZE);
    if (size != null) {
      if (volume.isThin()) {
        throw disk.refusal(
            ErrorCode.BAD_REQUEST,
            "a snapshot of the thin volume " + volume.fullName() + " has no size of its own");
      }
      if (SnapshotSize.parse(size).isEmpty()) {
        throw disk.refusal(
            ErrorCode.BAD_REQUEST, "size=" + size + " is none such as 512m, 2g or 20%");
      }
      options.put(SIZE, size);
    }
    return new PlannedSnapshot(
        disk,
        new StorageSnapshot(volume.group() + "/" + snapshot, options),
        source(at, volume.group(), snapshot, disk.source()));
  }

  private Volume volume(LocatedDisk disk, Deadline deadline) throws IOException {
    disk.requireOptionsAmong(OPTIONS);
    String path = disk.options().get(DEVICE);
    if (path == null) {
      if (!(disk.source() instanceof DiskSource.Device device) || !at(disk).isEmpty()) {
        throw disk.refusal(
            ErrorCode.DISK_UNSUITABLE,
            "which logical volume '" + disk.name() + "' is on is not known: say device=/dev/VG/LV");
      }
      path = device.path().toString();
    }
    if (!VolumeNames.isPath(path)) {
      throw disk.refusal(
          ErrorCode.BAD_REQUEST, "'" + path + "' is no path of a logical volume, as /dev/VG/LV");
    }
    Said said = VolumeReport.at(programs(disk), path, deadline);
    List<Volume> found = said.status() == 0 ? VolumeReport.parse(said.out()) : List.of();
    if (found.size() != 1) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE, "LVM knows no volume " + path + ": " + said.err().strip());
    }
    if (!found.get(0).canBeCut()) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE, path + " is itself a snapshot, a pool or an inner volume");
    }
    requireUnder(disk, found.get(0));
    return found.get(0);
  }

  /** Where a volume is seen under the disk from here, it must be the one that was told. */
  private static void requireUnder(LocatedDisk disk, Volume volume) {
    if (!at(disk).isEmpty() || !isHere(disk.source())) {
      return;
    }
    List<Layer.LogicalVolume> seen =
        LayerFinder.on(Path.of(disk.source().address())).stream()
            .filter(Layer.LogicalVolume.class::isInstance)
            .map(Layer.LogicalVolume.class::cast)
            .toList();
    boolean fits =
        seen.isEmpty()
            || seen.stream()
                .anyMatch(
                    one -> one.group().equals(volume.group()) && one.name().equals(volume.name()));
    if (!fits) {
      throw disk.refusal(
          ErrorCode.BAD_REQUEST,
          "'" + disk.name() + "' does not lie on " + volume.fullName() + ", but on " + seen);
    }
  }

  private static boolean isHere(DiskSource source) {
    return source instanceof DiskSource.File || source instanceof DiskSource.Device;
  }

  private static String at(LocatedDisk disk) {
    return disk.options().getOrDefault(ProgramPlaces.OPTION, "");
  }

  private static Programs programs(LocatedDisk disk) {
    try {
      return ProgramPlaces.of(disk.options());
    } catch (IllegalArgumentException e) {
      throw disk.refusal(ErrorCode.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
  }

  static Programs programs(StorageSnapshot snapshot) {
    return ProgramPlaces.of(snapshot.options());
  }

  /** On another machine the place stands before the path, with a blank between. */
  private static DiskSource source(String at, String group, String snapshot, DiskSource disk) {
    String format = disk instanceof DiskSource.File ? "raw" : disk.format();
    String path = "/dev/" + group + "/" + snapshot;
    return at.isEmpty()
        ? new DiskSource.Device(Path.of(path), format)
        : new DiskSource.Remote(at + " " + path, format);
  }

  @Override
  public Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException {
    var space = new LvmSpace();
    long from = System.nanoTime();
    for (StorageSnapshot snapshot : snapshots) {
      Programs programs = programs(snapshot);
      List<Volume> group = VolumeReport.ofGroup(programs, group(snapshot), deadline);
      if (named(group, lastName(snapshot)).isPresent()) {
        throw failure(
            ErrorCode.SNAPSHOT_EXISTS, snapshot.name() + " exists already on " + programs.place());
      }
      Volume volume =
          named(group, snapshot.option(VOLUME))
              .orElseThrow(() ->
                  failure(
                      ErrorCode.DISK_UNSUITABLE,
                      group(snapshot) + "/" + snapshot.option(VOLUME) + " is gone"));
      space.require(programs.place(), snapshot, volume, group);
    }
    Duration asked = Duration.ofNanos(System.nanoTime() - from);
    // A lvcreate takes about as long as two reports.
    return new Prospect(snapshots.size() == 1, asked.multipliedBy(2), space.warnings());
  }

  /** LVM goes the whole way and changes nothing: {@code lvcreate --test}. */
  @Override
  public void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (StorageSnapshot snapshot : snapshots) {
      List<String> command = new ArrayList<>(creation(snapshot, byOperation(operationId)));
      command.add(1, "--test");
      Programs.succeeded(command, programs(snapshot).runToEnd(command));
    }
  }

  @Override
  public void cut(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (StorageSnapshot snapshot : snapshots) {
      create(snapshot, byOperation(operationId));
    }
  }

  private static List<String> byOperation(String operationId) {
    return List.of(BY + operationId);
  }

  void create(StorageSnapshot snapshot, List<String> tags) throws IOException {
    List<String> command = creation(snapshot, tags);
    Programs.succeeded(command, programs(snapshot).runToEnd(command));
  }

  private static List<String> creation(StorageSnapshot snapshot, List<String> tags) {
    var command =
        new ArrayList<>(List.of("lvcreate", "-q", "-y", "-s", "-p", "r", "-n", lastName(snapshot)));
    command.addAll(List.of("--addtag", OF + snapshot.option(VOLUME)));
    for (String tag : tags) {
      command.addAll(List.of("--addtag", tag));
    }
    if (snapshot.option(KIND).equals(THIN)) {
      // Else it would not be activated, and could not be read.
      command.addAll(List.of("-k", "n"));
    } else {
      SnapshotSize size = size(snapshot);
      command.addAll(
          size.isPercent()
              ? List.of("-l", size.amount() + "%ORIGIN")
              : List.of("-L", size.amount() + "b"));
    }
    command.addAll(List.of("--", group(snapshot) + "/" + snapshot.option(VOLUME)));
    return command;
  }

  static SnapshotSize size(StorageSnapshot snapshot) {
    return Optional.ofNullable(snapshot.options().get(SIZE))
        .flatMap(SnapshotSize::parse)
        .orElse(SnapshotSize.ALL);
  }

  @Override
  public Presence find(StorageSnapshot snapshot, String operationId, Deadline deadline)
      throws IOException {
    Optional<Volume> found = lookUp(snapshot, deadline);
    if (found.isEmpty()) {
      return Presence.ABSENT;
    }
    if (!found.get().tags().contains(BY + operationId)) {
      return Presence.FOREIGN;
    }
    return found.get().isOverflowed() ? Presence.BEGUN : Presence.OURS;
  }

  Optional<Volume> lookUp(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    return VolumeReport.find(programs(snapshot), group(snapshot), lastName(snapshot), deadline);
  }

  @Override
  public void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    Optional<Volume> found = lookUp(snapshot, deadline);
    if (found.isEmpty()) {
      return;
    }
    requireSnapshotOf(snapshot.option(VOLUME), found.get());
    requireClosed(found.get());
    List<String> command = List.of("lvremove", "-q", "-y", "--", snapshot.name());
    Programs.succeeded(command, programs(snapshot).runToEnd(command));
  }

  /** A volume that only bears such a name is nobody's snapshot. */
  static void requireSnapshotOf(String volume, Volume found) {
    if (!isSnapshotOf(volume, found)) {
      throw failure(ErrorCode.DISK_UNSUITABLE, found.fullName() + " is no snapshot of " + volume);
    }
  }

  /**
   * Whether it is one. What LVM knows counts: volumes can be renamed, and tags are not. The tag
   * tells of a thin snapshot whose origin is no more.
   */
  private static boolean isSnapshotOf(String volume, Volume found) {
    return found.origin().isEmpty()
        ? found.tags().contains(OF + volume)
        : found.origin().equals(volume);
  }

  static void requireClosed(Volume volume) {
    if (volume.isOpen()) {
      throw failure(ErrorCode.DISK_IN_USE, volume.fullName() + " is open: somebody uses it");
    }
  }

  @Override
  public List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException {
    Volume volume = volume(disk, deadline);
    String prefix = volume.name() + ".";
    return VolumeReport.ofGroup(programs(disk), volume.group(), deadline).stream()
        .filter(one -> VolumeNames.isOf(volume.name(), one.name()))
        .filter(one -> isSnapshotOf(volume.name(), one))
        .sorted(Comparator.comparing(Volume::created))
        .map(one ->
            new StoredSnapshot(
                one.name().substring(prefix.length()),
                NAME,
                one.fullName(),
                Optional.of(one.created()),
                one.isOverflowed()
                    ? Optional.empty()
                    : Optional.of(source(at(disk), one.group(), one.name(), disk.source())),
                one.isOverflowed()
                    ? Optional.of("it has overflowed, and its content is lost")
                    : Optional.empty()))
        .toList();
  }

  @Override
  public void revert(PlannedSnapshot planned, Deadline deadline) throws IOException {
    new LvmRevert(this, planned.snapshot()).run(deadline);
  }

  static Optional<Volume> named(List<Volume> group, String name) {
    return group.stream().filter(one -> one.name().equals(name)).findFirst();
  }

  static String group(StorageSnapshot snapshot) {
    return snapshot.name().substring(0, snapshot.name().indexOf('/'));
  }

  private static String lastName(StorageSnapshot snapshot) {
    return snapshot.name().substring(snapshot.name().indexOf('/') + 1);
  }

  static SnapshotException failure(ErrorCode code, String message) {
    return new SnapshotException(Failure.of(code, message));
  }
}
