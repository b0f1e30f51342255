package dev.stillpoint.core.snapshot;

/** The kinds of failure a caller can act on; the text says the rest. */
public enum ErrorCode {
  /** The request itself makes no sense, such as the same disk twice. */
  BAD_REQUEST,
  /** The monitor could not be reached, is held by another client, or is not one. */
  MONITOR_UNAVAILABLE,
  /** The guest agent could not be reached or does not answer. */
  AGENT_UNAVAILABLE,
  /** Somebody else has frozen this guest. */
  ALREADY_FROZEN,
  /** The machine is paused, migrating, or otherwise not fit for a cut. */
  MACHINE_NOT_READY,
  /** A named disk does not exist. */
  NO_SUCH_DISK,
  /** A disk exists but cannot be cut, now or with this method. */
  DISK_UNSUITABLE,
  /** The disk has no snapshot of that name. */
  NO_SUCH_SNAPSHOT,
  /** A snapshot of that name exists already, and is not overwritten. */
  SNAPSHOT_EXISTS,
  /** A program or service that the method needs is not there. */
  TOOL_MISSING,
  /** The storage has no room for the snapshot. */
  NO_SPACE,
  /** Somebody uses the disk, or may use it. */
  DISK_IN_USE,
  /** A file that would have to be made exists, or its place cannot be written. */
  OVERLAY_UNUSABLE,
  /** Making or attaching the overlays failed. */
  PREPARE_FAILED,
  /** The guest did not freeze. */
  FREEZE_FAILED,
  /** The machine did not pause. */
  PAUSE_FAILED,
  /** The hypervisor or storage refused the cut. */
  CUT_FAILED,
  /** The freeze window ended before the cut was done. */
  WINDOW_EXCEEDED,
  /** The freeze cannot be shown to have held over the whole cut. */
  FREEZE_NOT_PROVED,
  /** A cut could not be taken back. */
  UNDO_FAILED,
  /** Something that we made could not be removed. */
  CLEANUP_FAILED,
  /** The thaw could not be proved within its bound. */
  THAW_NOT_PROVED,
  /** The resume could not be confirmed within its bound. */
  RESUME_NOT_PROVED,
  /** The time for the whole operation ended. */
  TIMEOUT,
  /** The caller asked to stop. */
  CANCELLED,
  /** The journal could not be written. */
  JOURNAL_FAILED,
  /** Another operation holds this machine. */
  BUSY,
  /** Whether another operation holds this machine could not be made sure of. */
  LOCK_FAILED,
  /** The guard, which thaws when this process cannot, did not start. */
  GUARD_FAILED,
  /** A defect of this software. */
  INTERNAL
}
