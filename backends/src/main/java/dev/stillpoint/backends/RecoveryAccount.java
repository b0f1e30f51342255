package dev.stillpoint.backends;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.spi.JournalEntry;
import java.util.ArrayList;
import java.util.List;

/** What one recovery has to tell of one operation, as it grows. Used by one thread. */
final class RecoveryAccount {
  final List<String> done = new ArrayList<>();
  final List<String> left = new ArrayList<>();
  final List<String> notes = new ArrayList<>();
  List<DiskSnapshot> applied = List.of();

  RecoveredOperation told(JournalFile file, JournalEntry entry, State state) {
    return new RecoveredOperation(
        entry.operationId(), Recovery.what(entry), file.path(), state, applied, done, left, notes);
  }
}
