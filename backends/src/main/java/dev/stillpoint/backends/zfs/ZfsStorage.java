package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.ProgramPlaces;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.PlannedSnapshot;
import dev.stillpoint.backends.storage.Presence;
import dev.stillpoint.backends.storage.Prospect;
import dev.stillpoint.backends.storage.Storage;
import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.backends.zfs.ZfsCommand.Property;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.MethodTraits.Span;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Datasets and volumes of a ZFS. The snapshots of one pool are made by one {@code zfs snapshot}
 * where that takes several names, and are one instant then. Each bears the operation that made it
 * as a property of its own.
 */
final class ZfsStorage implements Storage {
  static final String NAME = "zfs";

  /** The property by which a snapshot is known again; only one that it has itself counts. */
  static final String MARK = "dev.stillpoint:operation";

  /** What a snapshot waits for beside the program's start: a transaction group of the pool. */
  private static final Duration TYPICAL = Duration.ofMillis(200);

  /** How often a snapshot that is busy is tried to be removed, and how long between. */
  private static final int BUSY_TRIES = 10;

  private static final Duration BUSY_PAUSE = Duration.ofMillis(200);
  private static final String BUSY = "is busy";
  private static final String CLONES = "dependent clones";

  private final Map<Map<String, String>, ZfsHost> hosts = new ConcurrentHashMap<>();

  private final Function<Map<String, String>, Programs> others;

  /** The storage over this host's programs, and others where a disk says at. */
  ZfsStorage(Programs programs) {
    this(programs, ProgramPlaces::of);
  }

  ZfsStorage(Programs programs, Function<Map<String, String>, Programs> others) {
    this.others = others;
    hosts.put(Map.of(), ZfsHost.of("", programs));
  }

  private ZfsHost host(LocatedDisk disk) {
    try {
      return host(disk.options());
    } catch (IllegalArgumentException e) {
      throw disk.refusal(ErrorCode.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
  }

  private ZfsHost host(StorageSnapshot snapshot) {
    return host(snapshot.options());
  }

  private ZfsHost host(Map<String, String> options) {
    return hosts.computeIfAbsent(
        Map.copyOf(ProgramPlaces.among(options)),
        place -> ZfsHost.of(place.getOrDefault(ProgramPlaces.OPTION, ""), others.apply(place)));
  }

  private ZfsPlace place(LocatedDisk disk, Deadline deadline) throws IOException {
    return new ZfsPlaces(host(disk), disk, deadline).find();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public MethodTraits traits() {
    return new MethodTraits(
        Span.SHARED,
        TYPICAL,
        true,
        Set.of(Ability.LIST, Ability.REVERT, Ability.DELETE),
        Set.of(DiskSource.File.class, DiskSource.Device.class, DiskSource.Remote.class));
  }

  @Override
  public PlannedSnapshot plan(LocatedDisk disk, SnapshotName name, Deadline deadline)
      throws IOException {
    ZfsHost host = host(disk);
    ZfsPlace place = place(disk, deadline);
    String snapshot = ZfsName.snapshot(place.dataset(), name);
    if (snapshot.length() > ZfsName.MAX_LENGTH) {
      throw disk.refusal(
          ErrorCode.BAD_REQUEST,
          "'" + snapshot + "' would be longer than " + ZfsName.MAX_LENGTH + " characters");
    }
    Map<String, String> options = ProgramPlaces.among(disk.options());
    return new PlannedSnapshot(
        disk, new StorageSnapshot(snapshot, options), host.seen(place.backupSource(name)));
  }

  @Override
  public Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException {
    for (StorageSnapshot snapshot : snapshots) {
      if (find(snapshot, "", deadline) != Presence.ABSENT) {
        throw failure(
            ErrorCode.SNAPSHOT_EXISTS, "the snapshot " + snapshot.name() + " exists already");
      }
    }
    long before = System.nanoTime();
    List<String> warnings = new ArrayList<>();
    for (StorageSnapshot snapshot : snapshots) {
      ZfsRoom.of(host(snapshot).zfs(), ZfsName.dataset(snapshot.name()), deadline)
          .require(warnings);
    }
    Duration start = Duration.ofNanos(System.nanoTime() - before).dividedBy(snapshots.size());
    int commands = groups(snapshots, deadline).size();
    return new Prospect(
        commands == 1, start.plus(TYPICAL).multipliedBy(commands), List.copyOf(warnings));
  }

  /** What one command makes. */
  private record Group(ZfsHost host, List<String> names) {}

  /** What the snapshots of one command share. */
  private record Pool(ZfsHost host, String name) {}

  private List<Group> groups(List<StorageSnapshot> snapshots, Deadline deadline)
      throws IOException {
    Map<Pool, List<String>> byPool = new LinkedHashMap<>();
    for (StorageSnapshot snapshot : snapshots) {
      byPool
          .computeIfAbsent(
              new Pool(host(snapshot), ZfsName.pool(snapshot.name())), pool -> new ArrayList<>())
          .add(snapshot.name());
    }
    List<Group> groups = new ArrayList<>();
    for (Map.Entry<Pool, List<String>> pool : byPool.entrySet()) {
      ZfsHost host = pool.getKey().host();
      List<String> names = pool.getValue();
      if (names.size() == 1 || host.zfs().takesSeveral(deadline)) {
        groups.add(new Group(host, List.copyOf(names)));
      } else {
        names.forEach(name -> groups.add(new Group(host, List.of(name))));
      }
    }
    return List.copyOf(groups);
  }

  @Override
  public void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (Group group : groups(snapshots, deadline)) {
      group.host().zfs().rehearse(mark(operationId), group.names());
    }
  }

  @Override
  public void cut(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    for (Group group : groups(snapshots, deadline)) {
      ZfsCommand.requireDone(group.host().zfs().snapshot(mark(operationId), group.names()));
    }
  }

  private static String mark(String operationId) {
    return MARK + "=" + operationId;
  }

  @Override
  public Presence find(StorageSnapshot snapshot, String operationId, Deadline deadline)
      throws IOException {
    String name = ZfsName.requireSnapshot(snapshot.name());
    ZfsCommand zfs = host(snapshot).zfs();
    Optional<List<Property>> mark = zfs.properties(MARK, List.of(name), deadline);
    if (mark.isEmpty()) {
      // Of a pool that is not imported nothing is there, and all may come back.
      String dataset = ZfsName.dataset(name);
      if (zfs.properties("type", List.of(dataset), deadline).isEmpty()) {
        throw failure(
            ErrorCode.DISK_UNSUITABLE,
            "there is no dataset '"
                + dataset
                + "' now; whether "
                + name
                + " is in it is not known");
      }
      return Presence.ABSENT;
    }
    // A dataset that has such a property hands it down to its snapshots.
    boolean ours =
        mark.get().stream()
            .anyMatch(line -> line.source().equals("local") && line.value().equals(operationId));
    return ours && !operationId.isEmpty() ? Presence.OURS : Presence.FOREIGN;
  }

  @Override
  public void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    String name = ZfsName.requireSnapshot(snapshot.name());
    ZfsCommand zfs = host(snapshot).zfs();
    Said said = zfs.run(deadline, "destroy", name);
    for (int tried = 1; said.err().contains(BUSY) && tried < BUSY_TRIES; tried++) {
      pause(deadline);
      said = zfs.run(deadline, "destroy", name);
    }
    if (said.err().contains(ZfsCommand.GONE) || said.err().contains(ZfsCommand.NONE)) {
      return;
    }
    if (said.err().contains(CLONES)) {
      throw failure(
          ErrorCode.CLEANUP_FAILED,
          "the snapshot " + name + " has clones, which need it; they are not touched");
    }
    if (said.err().contains(BUSY)) {
      throw failure(
          ErrorCode.CLEANUP_FAILED,
          "the snapshot " + name + " is in use, or held, and could not be destroyed");
    }
    ZfsCommand.requireDone(said);
  }

  private static void pause(Deadline deadline) throws IOException {
    try {
      Thread.sleep(Math.min(BUSY_PAUSE.toMillis(), deadline.remaining().toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a snapshot was busy", e);
    }
  }

  @Override
  public List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException {
    ZfsHost host = host(disk);
    ZfsPlace place = place(disk, deadline);
    String output =
        host.zfs()
            .require(
                deadline,
                "get",
                "-H",
                "-p",
                "-r",
                "-d",
                "1",
                "-o",
                "name,property,value,source",
                "creation",
                place.dataset());
    String own = place.dataset() + "@";
    return ZfsCommand.lines(output).stream()
        .filter(line -> line.name().startsWith(own))
        .map(line -> stored(host, place, line))
        .sorted(Comparator.comparing(one -> one.created().orElse(Instant.MAX)))
        .toList();
  }

  private static StoredSnapshot stored(ZfsHost host, ZfsPlace place, Property creation) {
    String name = creation.name().substring(creation.name().indexOf('@') + 1);
    return new StoredSnapshot(
        name,
        NAME,
        creation.name(),
        time(creation.value()),
        source(place, name).map(host::seen),
        Optional.empty());
  }

  private static Optional<Instant> time(String seconds) {
    try {
      return Optional.of(Instant.ofEpochSecond(Long.parseLong(seconds)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Others make snapshots whose names we do not take; they are told, with no place to read. */
  private static Optional<DiskSource> source(ZfsPlace place, String name) {
    try {
      return Optional.of(place.backupSource(new SnapshotName(name)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public void revert(PlannedSnapshot planned, Deadline deadline) throws IOException {
    ZfsPlace place = place(planned.disk(), deadline);
    String name = ZfsName.requireSnapshot(planned.snapshot().name());
    new ZfsRevert(host(planned.disk()), planned.disk(), name).of(place, deadline);
  }

  private static SnapshotException failure(ErrorCode code, String message) {
    return new SnapshotException(Failure.of(code, message));
  }
}
