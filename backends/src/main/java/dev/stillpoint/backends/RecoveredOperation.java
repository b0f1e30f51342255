package dev.stillpoint.backends;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import java.nio.file.Path;
import java.util.List;

/**
 * What a recovery found of one operation, and what it made of it.
 *
 * @param operation the operation's id; empty where its file cannot be read
 * @param what what it was, such as {@code snapshot nightly}; empty likewise
 * @param journal its file, which is gone once it is settled
 * @param disks the disks that are cut, whose new images are the machine's now and must be stored in
 *     its configuration; filled only where every disk is
 * @param done what was done; in a dry run, what would be
 * @param left what is where, and must be decided by a person
 * @param notes what one should know besides
 */
public record RecoveredOperation(
    String operation,
    String what,
    Path journal,
    State state,
    List<DiskSnapshot> disks,
    List<String> done,
    List<String> left,
    List<String> notes) {

  /** How it stands now; the later ones are the worse ones. */
  public enum State {
    /** Nothing is owed and nothing is left; its file is gone. */
    SETTLED,
    /** Somebody who lives has the machine; nothing was touched. */
    OWNED,
    /** A dry run: a recovery would settle it. */
    PENDING,
    /** Something is left, and is listed. */
    LEFT,
    /** The guest may be frozen, or the machine paused. */
    MAYBE_FROZEN
  }

  /** Copies the lists. */
  public RecoveredOperation {
    disks = List.copyOf(disks);
    done = List.copyOf(done);
    left = List.copyOf(left);
    notes = List.copyOf(notes);
  }
}
