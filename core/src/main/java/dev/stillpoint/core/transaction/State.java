package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import java.util.Locale;
import java.util.Optional;

/** Where an operation stands. Each state carries what is valid there, and nothing else. */
public sealed interface State {

  /** Asking the machine, the agent and the methods whether this can be done. */
  record Checking(Terms terms) implements State {}

  /** Waiting for the journal to hold what comes next, before it is done. */
  record Announcing(Terms terms, Plan plan, Intent intent) implements State {}

  /** Making the files that the cut needs, empty, so that the journal can tell which they are. */
  record Reserving(Terms terms, Plan plan) implements State {}

  /** Making and rehearsing everything that the cut needs. */
  record Preparing(Terms terms, Plan plan) implements State {}

  /** A freeze was written: from here every way leads through thawing. */
  record Freezing(Terms terms, Plan plan) implements State {}

  /** A pause was written: from here every way leads through resuming. */
  record Pausing(Ledger ledger, boolean frozen) implements State {}

  /** The cut was asked for. */
  record Cutting(Ledger ledger, boolean frozen, boolean paused) implements State {}

  /** A resume is owed, and a thaw behind it where the guest was frozen. */
  record Resuming(Ledger ledger, boolean owesThaw) implements State {}

  /** A thaw is owed, and a resume beside it where that was not confirmed before. */
  record Thawing(Ledger ledger, boolean owesResume) implements State {}

  /** Finding out what really became of the cut. */
  record Settling(Ledger ledger) implements State {}

  /** Taking an unwanted cut back. */
  record Undoing(Ledger ledger) implements State {}

  /** Removing what was made and is not used. */
  record Cleaning(Ledger ledger) implements State {}

  /** Over. */
  record Done(Outcome outcome, GuestState guest, Optional<Failure> failure) implements State {}

  /** What an announcement is about. */
  enum Intent {
    /** Files are about to be made. */
    RESERVE,
    /** They are about to be filled, and nodes to be made. */
    PREPARE,
    /** The guest is about to be held, or the disks to be cut. */
    HOLD
  }

  /** The name in the diagram, such as {@code preparing}. */
  default String label() {
    return getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  /** Whether the guest may stand still in this state, so that nobody may be told anything yet. */
  default boolean holdsGuest() {
    return this instanceof Freezing || this instanceof Pausing || this instanceof Cutting;
  }
}
