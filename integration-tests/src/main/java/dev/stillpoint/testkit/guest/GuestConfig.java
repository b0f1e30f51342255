package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

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
    List<String> traceEvents,
    List<String> extraArguments) {
  /** Long enough that a guest leaves most of a core to others. */
  private static final Duration DEFAULT_PAUSE = Duration.ofMillis(20);

  public GuestConfig {
    disks = List.copyOf(disks);
    traceEvents = List.copyOf(traceEvents);
    extraArguments = List.copyOf(extraArguments);
  }

  /** ext4, XFS, ext4, all qcow2, with agent and writer. */
  public static GuestConfig threeDisks() {
    return of(
        GuestDisk.of(FileSystem.EXT4), GuestDisk.of(FileSystem.XFS), GuestDisk.of(FileSystem.EXT4));
  }

  /** These disks, with agent and writer. */
  public static GuestConfig of(GuestDisk... disks) {
    return new GuestConfig(List.of(disks), true, DEFAULT_PAUSE, true, false, List.of(), List.of());
  }

  /** The same with another disk at that place. */
  public GuestConfig withDisk(int index, GuestDisk disk) {
    var changed = new ArrayList<>(disks);
    changed.set(index, disk);
    return new GuestConfig(
        changed, writer, writerPause, agent, freezeHook, traceEvents, extraArguments);
  }

  /** The same with a guest that writes nothing by itself. */
  public GuestConfig withoutWriter() {
    return new GuestConfig(
        disks, false, writerPause, agent, freezeHook, traceEvents, extraArguments);
  }

  /** The same with another rest between the writer's rounds. */
  public GuestConfig withWriterPause(Duration pause) {
    return new GuestConfig(disks, writer, pause, agent, freezeHook, traceEvents, extraArguments);
  }

  /** The same with nobody at the other end of the agent's channel. */
  public GuestConfig withoutAgent() {
    return new GuestConfig(
        disks, writer, writerPause, false, freezeHook, traceEvents, extraArguments);
  }

  /** The same with an agent that runs its freeze hook. */
  public GuestConfig withFreezeHook() {
    return new GuestConfig(disks, writer, writerPause, agent, true, traceEvents, extraArguments);
  }

  /** The same, tracing these events of QEMU. */
  public GuestConfig withTrace(String... events) {
    return new GuestConfig(
        disks, writer, writerPause, agent, freezeHook, List.of(events), extraArguments);
  }

  /** The same with further arguments for QEMU. */
  public GuestConfig withArguments(String... arguments) {
    return new GuestConfig(
        disks, writer, writerPause, agent, freezeHook, traceEvents, List.of(arguments));
  }

  /** All that a warm state depends on, as text. */
  String stateKey() {
    return new GuestConfig(disks, writer, writerPause, agent, freezeHook, List.of(), extraArguments)
        .toString();
  }
}
