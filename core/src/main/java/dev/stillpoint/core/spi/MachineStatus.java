package dev.stillpoint.core.spi;

/**
 * What a machine is doing.
 *
 * @param detail the hypervisor's own word for it
 */
public record MachineStatus(Kind kind, String detail) {

  /** The kinds that matter for a cut. */
  public enum Kind {
    /** It runs. */
    RUNNING,
    /** It stands still: its agent cannot answer, and its disks can be cut as after a crash. */
    PAUSED,
    /** It is on its way in or out, or broken: its disks must not be touched. */
    UNFIT
  }
}
