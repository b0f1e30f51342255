package dev.stillpoint.backends;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.JournalEntry;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Recovers one operation, whose machine's locks are held meanwhile: first its guest, then its
 * disks, then its file. Used once, by one thread.
 */
final class OperationRecovery {
  private final Recovery recovery;
  private final BooleanSupplier stop;
  private final RecoveryAccount account = new RecoveryAccount();
  private final RecoveryRecord record;
  private final OwedGuest guest;
  private boolean nothingOwed;

  OperationRecovery(Recovery recovery, JournalFile file, JournalEntry last, BooleanSupplier stop) {
    this.recovery = recovery;
    this.stop = stop;
    this.record = new RecoveryRecord(recovery.journal(), file, last);
    this.guest = new OwedGuest(record, account, stop);
  }

  RecoveredOperation recover() {
    try (var monitor = MonitorReach.of(record.entry().machine())) {
      try {
        helpGuest(monitor);
      } catch (SnapshotException e) {
        account.left.add(e.failure().message());
        disks(monitor).listWhereabouts(List.of());
        return told(State.MAYBE_FROZEN);
      }
      if (stop.getAsBoolean() && hasBelongings()) {
        account.left.add("asked to stop before its disks were looked at");
        disks(monitor).listWhereabouts(List.of());
      } else {
        judgeDisks(monitor);
      }
    }
    if (!account.left.isEmpty()) {
      return told(stillOwed() ? State.MAYBE_FROZEN : State.LEFT);
    }
    if (recovery.dryRun()) {
      return told(stillOwed() ? State.MAYBE_FROZEN : State.PENDING);
    }
    record.settled(
        account.applied.isEmpty() ? Outcome.FAILED : Outcome.SUCCEEDED,
        nothingOwed ? GuestState.THAWED : GuestState.NEVER_FROZEN);
    return told(State.SETTLED);
  }

  private void helpGuest(MonitorReach monitor) {
    if (record.file().thawedByGuard()) {
      account.notes.add("the operation's guard has thawed the guest and proved it");
    }
    if (!guest.owesAnything()) {
      released();
      return;
    }
    if (monitor.life() == MachineLife.GONE) {
      owedToNobody();
    } else if (recovery.dryRun()) {
      guest.tell();
    } else if (guest.letGo(monitor, Deadline.after(recovery.thawBound()))) {
      released();
    } else {
      monitor.foundGone();
      owedToNobody();
    }
  }

  private void released() {
    nothingOwed = true;
    if (!recovery.dryRun()) {
      record.released();
    }
  }

  private void owedToNobody() {
    nothingOwed = true;
    account.notes.add("that life of the machine is over, and what was owed to its guest with it");
  }

  private boolean hasBelongings() {
    return record.entry().disks().stream().anyMatch(disk -> !disk.belongings().isEmpty());
  }

  private boolean stillOwed() {
    return recovery.dryRun() && guest.owesAnything() && !nothingOwed;
  }

  private void judgeDisks(MonitorReach monitor) {
    OwedDisks disks = disks(monitor);
    try {
      disks.judge();
      new OwedSnapshots(recovery, record, account, monitor.client()).judge();
    } catch (RuntimeException e) {
      account.left.add("it could not be found out what became of the cut: " + e.getMessage());
      disks.listWhereabouts(List.of());
    }
  }

  private OwedDisks disks(MonitorReach monitor) {
    return new OwedDisks(recovery, record, account, stop, monitor);
  }

  private RecoveredOperation told(State state) {
    return account.told(record.file(), record.entry(), state);
  }
}
