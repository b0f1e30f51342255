package dev.stillpoint.it.chaos;

import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.it.chaos.Ours.Run;
import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.Trap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Plays one round from beginning to end. Used once. */
final class RoundPlay {
  /** The longest that a snapshot of a round may take: all its bounds together, and more. */
  private static final Duration END = Duration.ofSeconds(75);

  private static final Duration WRITER = Duration.ofSeconds(30);

  private final Round round;
  private String ending = "";

  RoundPlay(Round round) {
    this.round = round;
  }

  /** Never throws: what breaks the round itself is told as wrong, too. */
  Played play() {
    long began = System.nanoTime();
    var wrong = new ArrayList<String>();
    List<String> story = List.of();
    List<Mishap> struck = List.of();
    try (Scene scene = Scene.of(round);
        Strikes strikes = new Strikes(scene)) {
      var aftermath = new Aftermath(scene, strikes, wrong);
      try {
        play(scene, strikes, aftermath);
      } catch (RuntimeException e) {
        wrong.add("the round broke off: " + e);
        for (StackTraceElement element : e.getStackTrace()) {
          wrong.add("  at " + element);
        }
      }
      struck = strikes.struck();
      story = wrong.isEmpty() ? List.of() : scene.story();
    } catch (RuntimeException e) {
      wrong.add("the scene broke: " + e);
    }
    return new Played(
        round, struck, ending, wrong, story, Duration.ofNanos(System.nanoTime() - began));
  }

  private void play(Scene scene, Strikes strikes, Aftermath aftermath) {
    aftermath.acknowledged(scene.guest.awaitNextAck(WRITER));
    Optional<Trap> held = holding(scene);
    strikes.prepare();
    Run run = scene.startSnapshot();
    if (await(scene, held, run)) {
      strikes.strike(run);
    }
    letGo(scene, strikes, held);
    boolean killed = strikes.has(Mishap.OursKilled.class) || strikes.has(Mishap.BothKilled.class);
    boolean stopped = strikes.has(Mishap.OursStopped.class);
    last(run, killed || stopped);
    if (!killed && run.ended(Duration.ZERO)) {
      aftermath.judgeClaim(run);
    }
    strikes.relent(run);
    if (!isGuarded(strikes, run)) {
      ending += recover(scene, aftermath, strikes);
    }
    aftermath.awaitWriting(strikes.last());
    if (stopped && !isContinued(strikes)) {
      run.process().destroyForcibly();
      killed = true;
    }
    if (!run.ended(END)) {
      aftermath.wrong("our process does not end");
      run.process().destroyForcibly();
      run.ended(END);
      killed = true;
    }
    ending = (killed ? "killed" : "exit " + run.code()) + ending;
    if (!killed) {
      aftermath.judgeClaim(run);
      if (!isGuarded(strikes, run)) {
        ending += recover(scene, aftermath, strikes);
      }
      aftermath.awaitWriting(System.nanoTime());
      aftermath.judgeJournal(run.code());
    }
    if (killed || !scene.journal().operations().isEmpty()) {
      ending += recover(scene, aftermath, strikes);
    }
    aftermath.judgeWhatIsLeft();
    aftermath.judgeImages(killed ? Optional.empty() : Optional.of(run));
  }

  /**
   * Whether somebody is left who thaws: not where the guard was killed and our process too, or has
   * given up since, which tells its caller so with exit 3. Then {@code recover} is the answer.
   */
  private static boolean isGuarded(Strikes strikes, Run run) {
    boolean guardKilled = strikes.has(Mishap.GuardKilled.class);
    boolean gaveUp = run.ended(Duration.ZERO) && run.code() == Aftermath.MAY_BE_FROZEN;
    return !strikes.has(Mishap.BothKilled.class) && !(guardKilled && gaveUp);
  }

  /** The line of the step is held from the beginning, so that it cannot slip through. */
  private Optional<Trap> holding(Scene scene) {
    return round.step() instanceof Step.At at
        ? Optional.of(scene.proxy(at.place().wire()).arm(at.place().moment(), Fault.hold()))
        : Optional.empty();
  }

  /** Whether the step was reached before our process ended. */
  private boolean await(Scene scene, Optional<Trap> held, Run run) {
    return switch (round.step()) {
      case Step.At ignored -> {
        Deadline.in(END).await(() -> held.orElseThrow().times() > 0 || run.ended(Duration.ZERO));
        yield held.orElseThrow().times() > 0;
      }
      case Step.After after -> {
        Deadline.in(END).await(() -> hasReached(scene, after.phase()) || run.ended(Duration.ZERO));
        LockSupport.parkNanos(after.delay().toNanos());
        yield true;
      }
      case Step.Unawaited ignored -> false;
    };
  }

  private static boolean hasReached(Scene scene, Journal.Phase phase) {
    return scene.journal().operations().stream()
        .map(JournalFile::last)
        .flatMap(Optional::stream)
        .anyMatch(entry -> entry.phase().compareTo(phase) >= 0);
  }

  /** A line that was held goes on, or its connection is cut; it lasts no longer than the strike. */
  private void letGo(Scene scene, Strikes strikes, Optional<Trap> held) {
    if (round.step() instanceof Step.At at && held.isPresent()) {
      boolean dead = strikes.has(Mishap.OursKilled.class) || strikes.has(Mishap.BothKilled.class);
      if (held.get().times() == 0 || strikes.has(Mishap.QemuGone.class)) {
        held.get().disarm();
      } else if (dead && !round.forward()) {
        scene.cut(at.place().wire());
      } else {
        held.get().release();
      }
      strikes.happened();
    }
  }

  /** What has struck lasts for its time. */
  private void last(Run run, boolean cannotEnd) {
    boolean lasts = round.mishaps().stream().anyMatch(Mishap::strikesAtTheStep);
    if (cannotEnd && round.mishaps().stream().noneMatch(Mishap::lasts)) {
      return;
    }
    boolean toTheEnd = (round.late() || !lasts) && !cannotEnd;
    if (!toTheEnd) {
      Deadline.in(round.pause()).await(() -> false);
    } else if (!round.has(Mishap.Unread.class)) {
      run.ended(END);
    }
  }

  private static boolean isContinued(Strikes strikes) {
    return strikes.struck().stream()
        .anyMatch(one -> one instanceof Mishap.OursStopped stopped && stopped.continued());
  }

  private static String recover(Scene scene, Aftermath aftermath, Strikes strikes) {
    Run recovery = scene.startRecover();
    strikes.happened();
    if (!recovery.ended(END)) {
      aftermath.wrong("recover does not end");
      return ", recover does not end";
    }
    aftermath.judgeRecovery(recovery);
    return ", recover " + recovery.code();
  }
}
