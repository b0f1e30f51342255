package dev.stillpoint.core.snapshot;

/** What a backup of the cut may count on, strongest first. */
public enum Consistency {
  /** Applications had flushed, and the guest agent proved it (VSS). */
  APPLICATION,
  /** All covered file systems were frozen over the whole cut. */
  FILESYSTEM,
  /** All disks were cut at one instant, as after a power failure. */
  CRASH,
  /** The disks were not cut at one instant. */
  NONE
}
