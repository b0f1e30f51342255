package dev.stillpoint.backends.guest;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.command.AgentInfo;
import dev.stillpoint.qga.command.FileSystem;
import dev.stillpoint.qga.command.GuestFsfreezeStatus;
import dev.stillpoint.qga.command.GuestGetFsinfo;
import dev.stillpoint.qga.command.GuestInfo;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Quiesces a guest through its agent ({@code guest-fsfreeze-freeze} and its like). */
public final class GuestQuiescer implements Quiescer {
  /** An agent that does not answer a question within this time is not there. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final String FREEZE = "guest-fsfreeze-freeze";
  private static final String FREEZE_LIST = "guest-fsfreeze-freeze-list";

  private final QgaClient client;

  /** A quiescer over a connection, which stays the caller's to close. */
  public GuestQuiescer(QgaClient client) {
    this.client = client;
  }

  @Override
  public CompletionStage<QuiesceCheck> check(List<String> mountpoints, Deadline deadline) {
    Deadline until = deadline.orAfter(PATIENCE);
    return client
        .synchronise(until.remaining())
        // Status first: while it is frozen, an agent says of most commands that they are disabled.
        .thenCompose(inStep -> client.execute(new GuestFsfreezeStatus(), until.remaining()))
        .thenCompose(status ->
            status.equals("thawed")
                ? checkCommands(mountpoints, until)
                : refused(
                    ErrorCode.ALREADY_FROZEN,
                    "the guest is frozen already, by somebody else; thaw it first"))
        .exceptionally(thrown ->
            new QuiesceCheck.Unavailable(
                SnapshotException.failureOf(thrown, ErrorCode.AGENT_UNAVAILABLE)));
  }

  private static Optional<String> missing(AgentInfo info, List<String> mountpoints) {
    for (String needed :
        List.of(
            mountpoints.isEmpty() ? FREEZE : FREEZE_LIST,
            "guest-fsfreeze-thaw",
            "guest-fsfreeze-status")) {
      if (!info.supports(needed)) {
        return Optional.of(
            "the guest agent " + info.version() + " does not allow the command " + needed);
      }
    }
    return Optional.empty();
  }

  private static CompletableFuture<QuiesceCheck> unavailable(String why) {
    return CompletableFuture.completedFuture(
        new QuiesceCheck.Unavailable(Failure.of(ErrorCode.AGENT_UNAVAILABLE, why)));
  }

  private CompletableFuture<QuiesceCheck> checkCommands(List<String> mountpoints, Deadline until) {
    return client
        .execute(new GuestInfo(), until.remaining())
        .thenCompose(info ->
            missing(info, mountpoints)
                .map(GuestQuiescer::unavailable)
                .orElseGet(() -> checkScope(mountpoints, until)));
  }

  private CompletableFuture<QuiesceCheck> checkScope(List<String> mountpoints, Deadline until) {
    return mountpoints.isEmpty()
        ? CompletableFuture.completedFuture(ready(mountpoints, List.of()))
        : client
            .execute(new GuestGetFsinfo(), until.remaining())
            .thenCompose(known -> scoped(mountpoints, known));
  }

  /** The agent ignores a mount point that it does not know; a caller who names one is mistaken. */
  private CompletableFuture<QuiesceCheck> scoped(List<String> mountpoints, List<FileSystem> known) {
    List<String> mounted = known.stream().map(FileSystem::mountpoint).toList();
    for (String mountpoint : mountpoints) {
      if (!mounted.contains(mountpoint)) {
        return refused(
            ErrorCode.BAD_REQUEST,
            "the guest has no file system mounted at " + mountpoint + "; it has " + mounted);
      }
    }
    List<String> left =
        mounted.stream()
            .filter(one -> !mountpoints.contains(one))
            .map(one -> "file system " + one + " (not frozen)")
            .toList();
    return CompletableFuture.completedFuture(ready(mountpoints, left));
  }

  /** A freezer for these mount points, or for all, without any check before it. */
  public Freezer freezer(List<String> mountpoints) {
    FreezeRehearsal.once();
    return new AgentFreezer(AgentLine.of(client), mountpoints);
  }

  private QuiesceCheck ready(List<String> mountpoints, List<String> notCovered) {
    return new QuiesceCheck.Ready(freezer(mountpoints), notCovered, List.of());
  }

  private static CompletableFuture<QuiesceCheck> refused(ErrorCode code, String why) {
    return CompletableFuture.completedFuture(new QuiesceCheck.Refused(Failure.of(code, why)));
  }
}
