package dev.stillpoint.backends.journal;

import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One operation's file, as far as it can be read.
 *
 * @param entries its whole entries, the oldest first
 * @param damaged how many lines could not be read: torn by a crash, changed, or of another version
 * @param doubtful whether such a line came after the last whole entry: it may have said that the
 *     guest was about to be frozen
 * @param thawedByGuard whether a guard has proved a thaw since the last line that may have said
 *     that one is owed
 * @param unfit why the file is not read at all; then it has no entries
 */
public record JournalFile(
    Path path,
    List<JournalEntry> entries,
    int damaged,
    boolean doubtful,
    boolean thawedByGuard,
    Optional<String> unfit) {

  /** Copies the list. */
  public JournalFile {
    entries = List.copyOf(entries);
  }

  static JournalFile unfit(Path path, String why) {
    return new JournalFile(path, List.of(), 0, false, false, Optional.of(why));
  }

  /**
   * Its last whole entry, which stands for all before it. Empty without one: then the first write
   * was torn, before anything was made, or the file is of another version, or unfit.
   */
  public Optional<JournalEntry> last() {
    return entries.isEmpty() ? Optional.empty() : Optional.of(entries.get(entries.size() - 1));
  }

  /** In words, that nothing in it can be read; only where there is no {@link #last}. */
  public String unreadable() {
    return "the journal's file "
        + path
        + " "
        + unfit.orElse("cannot be read: it is damaged, or of another version");
  }

  /** When the operation was written down for the first time; the epoch if it never was. */
  public Instant planned() {
    return entries.isEmpty() ? Instant.EPOCH : entries.get(0).at();
  }

  /** When it was first written down which files they are; the end of time if it never was. */
  public Instant numbered() {
    return entries.stream()
        .filter(entry ->
            entry.disks().stream()
                .flatMap(disk -> disk.belongings().stream())
                .map(Belonging::file)
                .anyMatch(Optional::isPresent))
        .map(JournalEntry::at)
        .findFirst()
        .orElse(Instant.MAX);
  }

  /** Whether the cut was about to be taken back at any time, whatever came after. */
  public boolean undoBegun() {
    return entries.stream().anyMatch(entry -> entry.phase() == Journal.Phase.UNDOING);
  }

  /** Whether the guest may still be frozen by this operation. */
  public boolean owesThaw() {
    boolean mayBeFrozen =
        doubtful || last().filter(one -> one.thawOwed() || one.resumeOwed()).isPresent();
    return mayBeFrozen && !thawedByGuard;
  }

  /** Whether the machine may still be paused by it. */
  public boolean owesResume() {
    return last().filter(JournalEntry::resumeOwed).isPresent();
  }
}
