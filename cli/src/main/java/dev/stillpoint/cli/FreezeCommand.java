package dev.stillpoint.cli;

import dev.stillpoint.backends.GuestFreeze;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.ThawReport;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stillpoint freeze}: holds in the foreground, then thaws; there is no detached freeze. */
@Command(
    name = "freeze",
    description = "Freezes the guest, holds it while a command runs or for a time, and thaws it.",
    footer = {
      "",
      "A guard is started first: it thaws the guest should this process be killed or stand still",
      "for 5 s, and goes on with the thaw after exit 3. 'stillpoint thaw' ends the hold early."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class FreezeCommand extends AgentCommand {
  @Option(
      names = "--for",
      required = true,
      paramLabel = "DURATION",
      converter = DurationText.class,
      description = "how long to hold at most; without a command, exactly that long")
  private Duration length = Duration.ofSeconds(1);

  @Option(
      names = "--thaw-bound",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationText.class,
      description = "how long to pursue the thaw, before exit 3 (${DEFAULT-VALUE})")
  private Duration thawBound = Duration.ofSeconds(30);

  @Mixin private StateOption state = new StateOption();

  @Parameters(paramLabel = "COMMAND", description = "what to run while the guest is held")
  private List<String> command = new ArrayList<>();

  private static final Duration LAST_WORDS = Duration.ofSeconds(30);

  private final CountDownLatch letGo = new CountDownLatch(1);
  private volatile String early = "";

  @Override
  public Integer call() {
    // The longest freeze, the thaw, and a moment to end what runs in the hold and to tell.
    Duration freeze =
        timeout().compareTo(GuestFreeze.LONGEST_FREEZE) < 0
            ? GuestFreeze.LONGEST_FREEZE
            : timeout();
    return Interruptible.run(freeze.plus(thawBound).plus(LAST_WORDS), this::connectAndHold);
  }

  private int connectAndHold(Interruptible guarded) {
    guarded.whenAsked(() -> end("interrupted"));
    try (GuestFreeze guest = connect(timeout(), "freeze", state.journal())) {
      var unused = guest.thawAsked().thenRun(() -> end("somebody asked for the thaw"));
      var unusedToo =
          guest
              .stoodStill()
              .thenAccept(what -> end("this process stood still for too long, and " + what));
      GuestFreeze.Prospect prospect = guest.requireFreezable(timeout());
      prospect.notCovered().forEach(what -> warn("not covered: " + what));
      prospect.warnings().forEach(this::warn);
      return guarded.begin() ? hold(guarded, guest) : ExitCode.FAILED;
    } catch (SnapshotException e) {
      return failed(e.failure(), "never-frozen", ExitCode.FAILED);
    }
  }

  private void end(String why) {
    early = why;
    letGo.countDown();
  }

  /** From its first line on a freeze may be written: whatever happens, a thaw follows. */
  private int hold(Interruptible guarded, GuestFreeze guest) {
    Optional<Failure> trouble;
    Optional<FreezeReport> frozen = Optional.empty();
    try {
      FreezeReport report = guest.freeze(timeout());
      frozen = Optional.of(report);
      trouble =
          report.fileSystems() == 0
              ? Optional.of(Failure.of(ErrorCode.FREEZE_FAILED, "the agent froze no file system"))
              : whileFrozen();
    } catch (FreezeException e) {
      if (e.writtenNanos().isEmpty()) {
        return failed(e.failure(), "never-frozen", ExitCode.FAILED);
      }
      trouble = Optional.of(e.failure());
    } catch (Throwable e) {
      trouble = Optional.of(SnapshotException.failureOf(e, ErrorCode.INTERNAL));
    }
    return thaw(guarded, guest, frozen, trouble);
  }

  private int thaw(
      Interruptible guarded,
      GuestFreeze guest,
      Optional<FreezeReport> frozen,
      Optional<Failure> trouble) {
    ThawReport thaw;
    try {
      thaw = guest.thaw(thawBound);
      boolean done = trouble.isEmpty() && thaw.freezeHeld();
      guarded.settled(done ? ExitCode.DONE : ExitCode.FAILED);
    } catch (Throwable e) {
      guarded.settled(ExitCode.MAY_BE_FROZEN);
      Failure owed = SnapshotException.failureOf(e, ErrorCode.INTERNAL);
      String pursued = guest.letGo().map(who -> "; " + who).orElse("");
      return failed(
          new Failure(owed.code(), owed.message() + pursued, owed.disk()),
          "maybe-frozen",
          ExitCode.MAY_BE_FROZEN);
    }
    thaw.warnings().forEach(this::warn);
    if (trouble.isPresent()) {
      return failed(trouble.get(), "thawed", ExitCode.FAILED);
    }
    if (!thaw.freezeHeld()) {
      Failure doubt = Failure.of(ErrorCode.FREEZE_NOT_PROVED, String.join("; ", thaw.reasons()));
      return failed(doubt, "thawed", ExitCode.FAILED);
    }
    tellHeld(frozen.orElseThrow(), thaw);
    return ExitCode.DONE;
  }

  private void tellHeld(FreezeReport report, ThawReport thaw) {
    Duration stood = Duration.ofNanos(thaw.repliedNanos() - report.writtenNanos());
    tell(
        ResultJson.object()
            .put("guest", "thawed")
            .put("fileSystems", report.fileSystems())
            .put("frozenMs", ResultJson.millis(stood)),
        "froze "
            + report.fileSystems()
            + " file systems for "
            + ResultText.millis(stood)
            + ", thawed");
  }

  private Optional<Failure> whileFrozen() {
    try {
      if (letGo.getCount() == 0 || command.isEmpty()) {
        boolean asked = letGo.await(length.toMillis(), TimeUnit.MILLISECONDS);
        return asked
            ? Optional.of(Failure.of(ErrorCode.CANCELLED, early + "; the guest was thawed"))
            : Optional.empty();
      }
      return runCommand();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of(Failure.of(ErrorCode.CANCELLED, "interrupted"));
    }
  }

  private Optional<Failure> runCommand() throws InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).inheritIO().start();
    } catch (IOException e) {
      return failure("cannot run " + command.get(0) + ": " + e.getMessage());
    }
    var unused = process.onExit().thenRun(letGo::countDown);
    boolean ended = letGo.await(length.toMillis(), TimeUnit.MILLISECONDS);
    if (process.isAlive()) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      return failure(
          ended
              ? early + "; the command was ended and the guest thawed"
              : "the command was ended: it ran longer than " + ResultText.millis(length));
    }
    int status = process.exitValue();
    return status == 0 ? Optional.empty() : failure("the command ended with " + status);
  }

  private static Optional<Failure> failure(String message) {
    return Optional.of(Failure.of(ErrorCode.CANCELLED, message));
  }
}
