package dev.stillpoint.it.chaos;

import dev.stillpoint.it.chaos.Place.Wire;
import java.util.Locale;

/** One thing that goes wrong in a round. */
sealed interface Mishap {
  /** {@code kill -9} of our process. */
  record OursKilled() implements Mishap {}

  /** The guard is killed and our process with it, so that only {@code recover} is left. */
  record BothKilled() implements Mishap {}

  /** SIGSTOP of our process, for good or until the round's pause is over. */
  record OursStopped(boolean continued) implements Mishap {}

  /** {@code kill -9} of the guard. */
  record GuardKilled() implements Mishap {}

  /** SIGSTOP of the agent in the guest, until the pause is over. */
  record AgentStopped() implements Mishap {}

  /** {@code kill -9} of the agent; after the pause another starts, with or without its state. */
  record AgentKilled(boolean stateKept) implements Mishap {}

  /** Somebody stops the machine over a second monitor, and continues it after the pause. */
  record MachineStopped() implements Mishap {}

  /** QEMU is killed, or told to quit. */
  record QemuGone(boolean killed) implements Mishap {}

  /**
   * A reply is damaged on its way, or the connection is cut in its place.
   *
   * @param command whose reply it is; empty for whichever
   * @param number which of them, from 1
   */
  record ReplyDamaged(Wire wire, Damage damage, String command, int number) implements Mishap {
    @Override
    public String toString() {
      return "ReplyDamaged[%s, %s, %s %d]"
          .formatted(damage, wire, command.isEmpty() ? "any" : command, number);
    }
  }

  /** A stranger polls the agent's socket all the while. */
  record Polled() implements Mishap {}

  /** Standard error is a full pipe that nobody reads until the pause is over. */
  record Unread() implements Mishap {}

  /** The file system of the overlays is full: from the beginning, or from the step on. */
  record DiskFilled(boolean before) implements Mishap {}

  /** What becomes of a reply. */
  enum Damage {
    DROPPED,
    DELAYED,
    SPLIT,
    DUPLICATED,
    CUT
  }

  /** What totals are counted by. */
  default String kind() {
    return switch (this) {
      case OursKilled ignored -> "our process killed";
      case BothKilled ignored -> "our process and the guard killed";
      case OursStopped stopped ->
          stopped.continued() ? "our process stopped and continued" : "our process stopped";
      case GuardKilled ignored -> "the guard killed";
      case AgentStopped ignored -> "the agent stopped and continued";
      case AgentKilled ignored -> "the agent killed and started";
      case MachineStopped ignored -> "the machine stopped and continued";
      case QemuGone ignored -> "QEMU gone";
      case ReplyDamaged reply ->
          reply.damage() == Damage.CUT
              ? "a connection cut"
              : "a reply " + reply.damage().name().toLowerCase(Locale.ROOT);
      case Polled ignored -> "a foreign poller";
      case Unread ignored -> "stderr full and unread";
      case DiskFilled ignored -> "the overlays' disk full";
    };
  }

  /** Whether it comes with the step; the others are there from the beginning. */
  default boolean strikesAtTheStep() {
    return switch (this) {
      case ReplyDamaged ignored -> false;
      case Polled ignored -> false;
      case Unread ignored -> false;
      case DiskFilled full -> !full.before();
      default -> true;
    };
  }

  /** Whether it keeps the guest from being let go while it lasts, whatever anybody does. */
  default boolean holdsTheGuest() {
    return switch (this) {
      case AgentStopped ignored -> true;
      case AgentKilled ignored -> true;
      case MachineStopped ignored -> true;
      case DiskFilled full -> !full.before();
      default -> false;
    };
  }

  /** Whether the guest's own shell does it, which stands still with the machine. */
  default boolean isInTheGuest() {
    return this instanceof AgentStopped || this instanceof AgentKilled;
  }

  /** Whether the whole machine stands still or ends. */
  default boolean isOfTheMachine() {
    return this instanceof MachineStopped || this instanceof QemuGone;
  }

  /** Whether it is taken back after the round's pause. */
  default boolean lasts() {
    return switch (this) {
      case OursStopped stopped -> stopped.continued();
      case Unread ignored -> true;
      default -> holdsTheGuest();
    };
  }

  /** Whether a snapshot has to succeed in spite of it. */
  default boolean isHarmless() {
    return switch (this) {
      case ReplyDamaged reply ->
          reply.damage() == Damage.SPLIT || reply.damage() == Damage.DUPLICATED;
      case Polled ignored -> true;
      case Unread ignored -> true;
      default -> false;
    };
  }
}
