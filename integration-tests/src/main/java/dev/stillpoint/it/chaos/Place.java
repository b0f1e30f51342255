package dev.stillpoint.it.chaos;

import dev.stillpoint.testkit.proxy.Moment;

/**
 * A place in the life of a snapshot, as the wire shows it. A proxy holds the line that marks it, so
 * that the snapshot stands there until the round lets it go on.
 */
enum Place {
  /** Overlays are being made. */
  PREPARING(Wire.MONITOR),
  /** The rehearsal was answered, and nothing of a freeze is written yet. */
  BEFORE_THE_FREEZE(Wire.MONITOR),
  FREEZE_WRITTEN(Wire.AGENT),
  FREEZE_ACKNOWLEDGED(Wire.AGENT),
  IN_THE_CUT(Wire.MONITOR),
  AFTER_THE_CUT(Wire.MONITOR),
  /** The machine is about to be paused. */
  PAUSE_WRITTEN(Wire.MONITOR),
  /** It stands still, and we do not know it. */
  PAUSED(Wire.MONITOR),
  /** All is cut, and it stands still. */
  BEFORE_THE_RESUME(Wire.MONITOR),
  /** It runs again, and we do not know it. */
  DURING_THE_RESUME(Wire.MONITOR),
  BEFORE_THE_THAW(Wire.AGENT),
  DURING_THE_THAW(Wire.AGENT),
  /** The cut is being taken back, because the thaw's reply was lost. */
  UNDOING(Wire.MONITOR),
  /** The overlays are being removed, because the freeze's reply was lost. */
  CLEANING(Wire.MONITOR);

  static final String STOP = "stop";
  static final String CONT = "cont";
  static final String FREEZE = "guest-fsfreeze-freeze";
  static final String THAW = "guest-fsfreeze-thaw";

  private final Wire wire;

  Place(Wire wire) {
    this.wire = wire;
  }

  Wire wire() {
    return wire;
  }

  /** The line that marks it. Of the transactions the first is the rehearsal. */
  Moment moment() {
    return switch (this) {
      case PREPARING -> Moment.request("blockdev-add").number(2);
      case BEFORE_THE_FREEZE -> Moment.replyTo("transaction");
      case FREEZE_WRITTEN -> Moment.request(FREEZE);
      case FREEZE_ACKNOWLEDGED -> Moment.replyTo(FREEZE);
      case IN_THE_CUT -> Moment.request("transaction").number(2);
      case AFTER_THE_CUT -> Moment.replyTo("transaction").number(2);
      case PAUSE_WRITTEN -> Moment.request(STOP);
      case PAUSED -> Moment.replyTo(STOP);
      case BEFORE_THE_RESUME -> Moment.request(CONT);
      case DURING_THE_RESUME -> Moment.replyTo(CONT);
      case BEFORE_THE_THAW -> Moment.request(THAW);
      case DURING_THE_THAW -> Moment.replyTo(THAW);
      case UNDOING -> Moment.request("job-complete");
      case CLEANING -> Moment.request("blockdev-del").number(2);
    };
  }

  /** Whether only a snapshot that pauses the machine comes here. */
  boolean isOfAPause() {
    return switch (this) {
      case PAUSE_WRITTEN -> true;
      case PAUSED -> true;
      case BEFORE_THE_RESUME -> true;
      case DURING_THE_RESUME -> true;
      default -> false;
    };
  }

  /** Whether a machine that is paused in this snapshot stands still here, and its guest with it. */
  boolean isWhilePaused() {
    return switch (this) {
      case PAUSED -> true;
      case IN_THE_CUT -> true;
      case AFTER_THE_CUT -> true;
      case BEFORE_THE_RESUME -> true;
      default -> false;
    };
  }

  /** One of the two sockets of a machine. */
  enum Wire {
    MONITOR,
    AGENT
  }
}
