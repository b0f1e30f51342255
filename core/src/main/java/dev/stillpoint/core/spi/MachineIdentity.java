package dev.stillpoint.core.spi;

import java.util.Optional;

/**
 * Which machine an operation works on. A machine is its uuid where it has one, else its endpoints;
 * another incarnation of it owes no thaw, only files.
 *
 * @param monitor where its monitor listens, as text without secrets; empty if nobody asked there
 * @param agent where its guest's agent listens, likewise
 * @param incarnation this one life of it, such as the hypervisor's process; empty if not known
 * @param uuid the machine's own; empty if it has none
 */
public record MachineIdentity(
    Optional<String> monitor,
    Optional<String> agent,
    Optional<String> incarnation,
    Optional<String> uuid) {

  /** A machine of which nothing is known. */
  public static MachineIdentity unknown() {
    return new MachineIdentity(
        Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }
}
