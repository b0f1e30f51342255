package dev.stillpoint.backends;

import dev.stillpoint.backends.guest.MonitorPauser;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;

/** What an operation that did not end may still owe to its guest: a resume, a thaw, or both. */
final class OwedGuest {
  /** QEMU's word for a machine that somebody has stopped. */
  private static final String PAUSED = "paused";

  private final RecoveryRecord record;
  private final RecoveryAccount account;
  private final BooleanSupplier stop;

  OwedGuest(RecoveryRecord record, RecoveryAccount account, BooleanSupplier stop) {
    this.record = record;
    this.account = account;
    this.stop = stop;
  }

  boolean owesAnything() {
    return owesResume() || owesThaw() || (thawOwed() && agent().isEmpty());
  }

  private boolean owesResume() {
    return record.entry().resumeOwed();
  }

  private boolean thawOwed() {
    JournalEntry entry = record.entry();
    return entry.thawOwed() && !record.file().thawedByGuard();
  }

  private boolean owesThaw() {
    return record.file().owesThaw() && agent().isPresent();
  }

  private Optional<String> agent() {
    return record.entry().machine().agent();
  }

  /** What {@link #letGo} would do. */
  void tell() {
    if (owesResume()) {
      account.done.add("would resume the machine, if it is paused");
    }
    if (owesThaw()) {
      account.done.add("would thaw the guest");
    }
  }

  /**
   * Resumes, then thaws: a machine that stands still has no agent that could answer.
   *
   * @return false when that life of the machine is shown to be over, and what was owed with it
   * @throws SnapshotException when it could not be confirmed
   */
  boolean letGo(MonitorReach monitor, Deadline until) {
    if (monitor.isAnotherMachine()) {
      throw new SnapshotException(
          Failure.of(
              ErrorCode.THAW_NOT_PROVED,
              "the guest may be frozen or paused: "
                  + monitor.reason()
                  + ", which is left alone; where the machine itself is now, nothing tells"));
    }
    Optional<SnapshotException> paused = owesResume() ? resume(monitor, until) : Optional.empty();
    if (owesThaw()) {
      Endpoint agent = Endpoint.parse(agent().orElseThrow());
      var thaw = new OwedThaw(record.entry().operationId(), record.entry().machine(), agent, stop);
      if (!thaw.pursue(until, account.notes)) {
        return false;
      }
      account.done.add("thawed the guest");
    } else if (thawOwed()) {
      throw new SnapshotException(
          Failure.of(
              ErrorCode.THAW_NOT_PROVED, "the guest may be frozen: no agent is written down"));
    }
    if (paused.isPresent()) {
      throw paused.get();
    }
    return true;
  }

  /** The failure, which does not keep the thaw from being tried. */
  private Optional<SnapshotException> resume(MonitorReach monitor, Deadline until) {
    try {
      var pauser = new MonitorPauser(monitor.require());
      MachineStatus status = pauser.status(until).toCompletableFuture().join();
      if (status.kind() == MachineStatus.Kind.PAUSED && !status.detail().equals(PAUSED)) {
        account.notes.add("the machine stands still for a reason of its own: " + status.detail());
      } else if (status.kind() == MachineStatus.Kind.PAUSED) {
        pauser.resume(until).toCompletableFuture().join();
        account.done.add("resumed the machine");
      }
      return Optional.empty();
    } catch (CompletionException | SnapshotException e) {
      String why = SnapshotException.failureOf(e, ErrorCode.RESUME_NOT_PROVED).message();
      return Optional.of(
          new SnapshotException(
              Failure.of(
                  ErrorCode.RESUME_NOT_PROVED,
                  "the machine may be paused: no resume could be confirmed: " + why),
              e));
    }
  }
}
