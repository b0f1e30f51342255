package dev.stillpoint.backends;

import dev.stillpoint.backends.guest.Volume;
import dev.stillpoint.core.snapshot.Failure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Whether a quiesced snapshot of a machine would work, and what it would cover.
 *
 * @param qemu QEMU's version
 * @param machine what the machine is doing, in QEMU's word
 * @param disks the disks that would be cut
 * @param agent the agent's version; empty where none answers
 * @param system the guest's operating system, where the agent tells
 * @param status {@code thawed} or {@code frozen}, as the agent says; empty where none answers
 * @param volumes the guest's file systems
 * @param notCovered disks and file systems that would stay out, and why
 * @param warnings what the caller should know
 * @param obstacles what stands in the way; empty when it would work
 * @param freezeTook from freeze written to its reply, where a freeze was tried
 * @param heldFor from freeze written to the thaw's reply, where a freeze was tried
 */
public record Diagnosis(
    String qemu,
    String machine,
    List<String> disks,
    Optional<String> agent,
    Optional<String> system,
    Optional<String> status,
    List<Volume> volumes,
    List<String> notCovered,
    List<String> warnings,
    List<Failure> obstacles,
    Optional<Duration> freezeTook,
    Optional<Duration> heldFor) {
  /** Copies the lists. */
  public Diagnosis {
    disks = List.copyOf(disks);
    volumes = List.copyOf(volumes);
    notCovered = List.copyOf(notCovered);
    warnings = List.copyOf(warnings);
    obstacles = List.copyOf(obstacles);
  }

  /** Whether nothing stands in the way of a quiesced snapshot. */
  public boolean wouldWork() {
    return obstacles.isEmpty();
  }
}
