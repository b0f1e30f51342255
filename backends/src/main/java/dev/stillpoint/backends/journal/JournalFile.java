package dev.stillpoint.backends.journal;

import dev.stillpoint.core.spi.JournalEntry;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One operation's file, as far as it can be read.
 *
 * @param last its last whole entry, which stands for all before it. Empty without one: then either
 *     the first write was torn, before anything was made, or the file is of another version
 * @param damaged how many lines could not be read: torn by a crash, changed, or of another version
 * @param thawedByGuard whether a guard has proved a thaw that the last entry says is owed
 */
public record JournalFile(
    Path path, Optional<JournalEntry> last, int damaged, boolean thawedByGuard) {}
