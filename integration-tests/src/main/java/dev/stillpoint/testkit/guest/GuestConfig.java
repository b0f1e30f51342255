package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a guest is made of. Start from {@link #threeDisks()} and change it with the {@code with}
 * methods.
 *
 * @param disks in order; disk 0 is written first
 * @param writer whether the writer starts at boot
 * @param writerPause how long the writer rests after each round
 * @param agent whether the guest agent starts at boot; its channel is there in any case
 * @param freezeHook whether the agent runs {@code /etc/qemu/fsfreeze-hook}, which runs {@code
 *     /run/hook} if that exists
 * @param agentSuite the Debian suite that the agent comes from; empty for the host's own
 * @param rootOnDisk whether the guest's root is on disk 0, which must be ext4
 * @param traceEvents QEMU's trace events, written to {@link Guest#trace()}; empty for none. Not
 *     part of a warm state: a clone may trace what its original did not
 * @param extraArguments further arguments for QEMU, after all others
 */
public record GuestConfig(
    List<GuestDisk> disks,
    boolean writer,
    Duration writerPause,
    boolean agent,
    boolean freezeHook,
    String agentSuite,
    boolean rootOnDisk,
    List<String> traceEvents,
    List<String> extraArguments) {
  /** Long enough that a guest leaves most of a core to others. */
  private static final Duration DEFAULT_PAUSE = Duration.ofMillis(20);

  public GuestConfig {
    disks = List.copyOf(disks);
    if (rootOnDisk && (disks.isEmpty() || disks.get(0).fileSystem() != FileSystem.EXT4)) {
      throw new IllegalArgumentException("a root on disk 0 needs ext4 there");
    }
    traceEvents = List.copyOf(traceEvents);
    extraArguments = List.copyOf(extraArguments);
  }

  /** ext4, XFS, ext4, all qcow2, with agent and writer. */
  public static GuestConfig threeDisks() {
    return of(
        GuestDisk.of(FileSystem.EXT4), GuestDisk.of(FileSystem.XFS), GuestDisk.of(FileSystem.EXT4));
  }

  /** ext4, XFS, btrfs, and ext4 on a logical volume, with agent, hook and writer. */
  public static GuestConfig fourFileSystems() {
    return of(
            GuestDisk.of(FileSystem.EXT4),
            GuestDisk.of(FileSystem.XFS),
            GuestDisk.of(FileSystem.BTRFS),
            GuestDisk.of(FileSystem.EXT4_ON_LVM))
        .withFreezeHook();
  }

  /**
   * A root on ext4 and an XFS beside it. The agent runs from the root and keeps its state there, so
   * that a freeze takes the ground from under it; {@code /data0} is the root itself.
   */
  public static GuestConfig rootOnExt4() {
    GuestConfig two = of(GuestDisk.of(FileSystem.EXT4), GuestDisk.of(FileSystem.XFS));
    return two.withRootOnDisk();
  }

  /** These disks, with agent and writer. */
  public static GuestConfig of(GuestDisk... disks) {
    return new GuestConfig(
        List.of(disks), true, DEFAULT_PAUSE, true, false, "", false, List.of(), List.of());
  }

  /** The same with another disk at that place. */
  public GuestConfig withDisk(int index, GuestDisk disk) {
    var changed = new ArrayList<>(disks);
    changed.set(index, disk);
    return new GuestConfig(
        changed,
        writer,
        writerPause,
        agent,
        freezeHook,
        agentSuite,
        rootOnDisk,
        traceEvents,
        extraArguments);
  }

  /** The same with a guest that writes nothing by itself. */
  public GuestConfig withoutWriter() {
    return new GuestConfig(
        disks,
        false,
        writerPause,
        agent,
        freezeHook,
        agentSuite,
        rootOnDisk,
        traceEvents,
        extraArguments);
  }

  /** The same with another rest between the writer's rounds. */
  public GuestConfig withWriterPause(Duration pause) {
    return new GuestConfig(
        disks,
        writer,
        pause,
        agent,
        freezeHook,
        agentSuite,
        rootOnDisk,
        traceEvents,
        extraArguments);
  }

  /** The same with nobody at the other end of the agent's channel. */
  public GuestConfig withoutAgent() {
    return new GuestConfig(
        disks,
        writer,
        writerPause,
        false,
        freezeHook,
        agentSuite,
        rootOnDisk,
        traceEvents,
        extraArguments);
  }

  /** The same with an agent that runs its freeze hook. */
  public GuestConfig withFreezeHook() {
    return new GuestConfig(
        disks,
        writer,
        writerPause,
        agent,
        true,
        agentSuite,
        rootOnDisk,
        traceEvents,
        extraArguments);
  }

  /**
   * The same with the agent, and its libraries, of another Debian suite: {@code bullseye} has 5.2,
   * {@code trixie} 10, {@code trixie-backports} a newer one. They come through the mirror that this
   * host's apt knows; starting the guest throws {@link UnavailableSuiteException} where that does
   * not give them.
   */
  public GuestConfig withAgentOf(String suite) {
    return new GuestConfig(
        disks,
        writer,
        writerPause,
        agent,
        freezeHook,
        suite,
        rootOnDisk,
        traceEvents,
        extraArguments);
  }

  private GuestConfig withRootOnDisk() {
    return new GuestConfig(
        disks,
        writer,
        writerPause,
        agent,
        freezeHook,
        agentSuite,
        true,
        traceEvents,
        extraArguments);
  }

  /** The same, tracing these events of QEMU. */
  public GuestConfig withTrace(String... events) {
    return new GuestConfig(
        disks,
        writer,
        writerPause,
        agent,
        freezeHook,
        agentSuite,
        rootOnDisk,
        List.of(events),
        extraArguments);
  }

  /** The same with further arguments for QEMU. */
  public GuestConfig withArguments(String... arguments) {
    return new GuestConfig(
        disks,
        writer,
        writerPause,
        agent,
        freezeHook,
        agentSuite,
        rootOnDisk,
        traceEvents,
        List.of(arguments));
  }

  boolean usesLvm() {
    return disks.stream()
        .anyMatch(disk ->
            disk.fileSystem() == FileSystem.EXT4_ON_LVM
                || disk.fileSystem() == FileSystem.VOLUME_GROUP);
  }

  /** What it is an array of; empty for any other guest. */
  Optional<ArrayKind> array() {
    return disks.stream()
        .flatMap(disk -> ArrayKind.onDiskOf(disk.fileSystem()).stream())
        .findFirst();
  }

  /** All that a warm state depends on, as text. */
  String stateKey() {
    return withTrace().toString();
  }
}
