package dev.stillpoint.it.chaos;

import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.it.chaos.Mishap.Damage;
import dev.stillpoint.it.chaos.Place.Wire;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * What happens in one round: drawn from a seed and the round's number, and from nothing else.
 *
 * @param root whether the guest's root is on one of the disks, with the agent started from it
 * @param directAgent whether the agent is reached without a proxy; then it is known which machine
 *     serves it
 * @param directMonitor the same of the monitor
 * @param paused whether two of the three disks are raw images that storages cut, so that the
 *     machine is paused for a moment
 * @param quiesce whether the guest is frozen; where the freeze is required nobody is paused
 * @param mishaps one or two
 * @param late whether what strikes goes on until our process has ended, if it ends by itself
 * @param pause how long it goes on otherwise
 * @param forward whether a line that was held goes on after the strike, or its connection is cut
 */
record Round(
    long seed,
    int number,
    boolean root,
    boolean directAgent,
    boolean directMonitor,
    boolean paused,
    Quiesce quiesce,
    Step step,
    List<Mishap> mishaps,
    boolean late,
    Duration pause,
    boolean forward) {
  private static final int EVERY_PAUSED = 5;
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private static final List<Duration> PAUSES =
      List.of(
          Duration.ofMillis(50),
          Duration.ofMillis(300),
          Duration.ofSeconds(1),
          Duration.ofSeconds(3));

  /** Longer than a guard waits for an owner who stands still. */
  private static final Duration LONG_PAUSE = Duration.ofMillis(6500);

  /** Commands whose replies matter most; an empty one stands for whichever comes. */
  private static final List<String> OF_THE_AGENT =
      List.of(Place.FREEZE, Place.THAW, "guest-fsfreeze-status", "guest-sync-delimited", "");

  private static final List<String> OF_THE_MONITOR =
      List.of("transaction", "blockdev-add", "query-jobs", "");

  private static final List<String> OF_A_PAUSING_MONITOR =
      List.of(Place.STOP, Place.CONT, "transaction", "query-status", "");

  /** Most of these are while the machine stands still, and two are before and after that. */
  private static final List<Place> OF_A_PAUSE =
      List.of(
          Place.PAUSE_WRITTEN,
          Place.PAUSED,
          Place.IN_THE_CUT,
          Place.AFTER_THE_CUT,
          Place.BEFORE_THE_RESUME,
          Place.DURING_THE_RESUME,
          Place.FREEZE_ACKNOWLEDGED,
          Place.BEFORE_THE_THAW);

  /** The whole of a usual snapshot's conversation has about so many replies. */
  private static final int REPLIES = 40;

  /** Longer than the way from a phase's entry to the next. */
  private static final int LONGEST_DELAY_MILLIS = 200;

  /** Copies the list. */
  Round {
    mishaps = List.copyOf(mishaps);
  }

  /** Every fifth one pauses the machine. */
  static Round of(long seed, int number) {
    return number % EVERY_PAUSED == 0
        ? paused(seed, number)
        : new Draw(seed, number, false).round();
  }

  /** One that pauses the machine, whatever its number; of a fifth one the same as {@link #of}. */
  static Round paused(long seed, int number) {
    return new Draw(seed, number, true).round();
  }

  boolean require() {
    return quiesce.equals(Quiesce.REQUIRE);
  }

  boolean has(Class<? extends Mishap> kind) {
    return mishaps.stream().anyMatch(kind::isInstance);
  }

  boolean isDirect() {
    return directAgent && directMonitor;
  }

  /** Whether the snapshot has to succeed. */
  boolean isHarmless() {
    return mishaps.stream().allMatch(Mishap::isHarmless);
  }

  /** The round in one line. */
  String told() {
    return "%s at: %s; %s, %s%s, pause %s"
        .formatted(
            mishaps,
            step,
            paused ? "three disks on three storages" : root ? "root on ext4" : "three disks",
            quiesce.name().toLowerCase(Locale.ROOT),
            isDirect() ? ", no proxy" : directAgent ? ", agent without proxy" : "",
            late ? "to the end" : pause.toMillis() + " ms");
  }

  /** Draws a round; each kind of mishap has its turn, and the rest is chance. */
  private static final class Draw {
    private static final int KINDS = 17;

    private final long seed;
    private final int number;
    private final boolean paused;
    private final SplittableRandom random;

    Draw(long seed, int number, boolean paused) {
      this.seed = seed;
      this.number = number;
      this.paused = paused;
      this.random = new SplittableRandom(seed * SPREAD + number);
    }

    Round round() {
      var mishaps = new ArrayList<Mishap>();
      mishaps.add(mishap((number - 1) % KINDS));
      if (random.nextInt(3) == 0) {
        Mishap second = mishap(random.nextInt(KINDS));
        if (goTogether(mishaps.get(0), second)) {
          mishaps.add(second);
        }
      }
      boolean awaited = mishaps.stream().anyMatch(Mishap::strikesAtTheStep);
      boolean wired = mishaps.stream().anyMatch(Mishap.ReplyDamaged.class::isInstance);
      boolean gone = mishaps.stream().anyMatch(Mishap.QemuGone.class::isInstance);
      // Behind a proxy nobody can see that QEMU itself is gone.
      boolean direct = !wired && (gone || !awaited || random.nextInt(3) == 0);
      boolean inGuest = mishaps.stream().anyMatch(Mishap::isInTheGuest);
      Step step = step(awaited, direct, inGuest);
      if (step instanceof Step.At at) {
        provoke(at.place(), mishaps);
      }
      boolean provoked =
          step instanceof Step.At at
              && (at.place() == Place.UNDOING || at.place() == Place.CLEANING);
      boolean directAgent =
          direct
              || (step instanceof Step.At at
                  && at.place().wire() == Wire.MONITOR
                  && !provoked
                  && !wired
                  && random.nextBoolean());
      boolean root = random.nextInt(3) == 0;
      return new Round(
          seed,
          number,
          root && !paused,
          directAgent,
          direct,
          paused,
          quiesce(provoked, step),
          step,
          mishaps,
          random.nextInt(3) == 0,
          pause(mishaps),
          random.nextBoolean());
    }

    private Quiesce quiesce(boolean provoked, Step step) {
      boolean often = random.nextInt(3) != 0;
      if (!paused) {
        return provoked || often ? Quiesce.REQUIRE : Quiesce.PREFER;
      }
      boolean ofTheAgent = step instanceof Step.At at && at.place().wire() == Wire.AGENT;
      return ofTheAgent || often ? Quiesce.PREFER : Quiesce.NEVER;
    }

    private Duration pause(List<Mishap> mishaps) {
      boolean stopped = mishaps.stream().anyMatch(Mishap.OursStopped.class::isInstance);
      return stopped && random.nextBoolean()
          ? LONG_PAUSE
          : PAUSES.get(random.nextInt(PAUSES.size()));
    }

    private Step step(boolean awaited, boolean direct, boolean inGuest) {
      if (!awaited) {
        return new Step.Unawaited();
      }
      if (direct) {
        // Most of what can go wrong goes wrong in the hold.
        List<Journal.Phase> phases =
            List.of(
                Journal.Phase.RESERVING,
                Journal.Phase.PREPARING,
                Journal.Phase.HOLDING,
                Journal.Phase.HOLDING,
                Journal.Phase.HOLDING);
        return new Step.After(
            phases.get(random.nextInt(phases.size())),
            Duration.ofMillis(random.nextInt(LONGEST_DELAY_MILLIS)));
      }
      List<Place> places =
          paused
              ? OF_A_PAUSE.stream().filter(place -> !inGuest || !place.isWhilePaused()).toList()
              : Stream.of(Place.values()).filter(place -> !place.isOfAPause()).toList();
      return new Step.At(places.get(random.nextInt(places.size())));
    }

    /** There is nothing to undo or to remove unless something failed before. */
    private static void provoke(Place place, List<Mishap> mishaps) {
      String lost =
          switch (place) {
            case UNDOING -> Place.THAW;
            case CLEANING -> Place.FREEZE;
            default -> "";
          };
      if (!lost.isEmpty()) {
        mishaps.removeIf(Mishap.ReplyDamaged.class::isInstance);
        mishaps.add(new Mishap.ReplyDamaged(Wire.AGENT, Damage.DROPPED, lost, 1));
      }
    }

    /** What fills a disk says nothing of a pause, and stops the machine for a reason of its own. */
    private Mishap mishap(int kind) {
      return switch (paused && kind == KINDS - 1 ? 0 : kind) {
        case 0 -> new Mishap.OursKilled();
        case 1 -> new Mishap.BothKilled();
        case 2 -> new Mishap.OursStopped(false);
        case 3 -> new Mishap.OursStopped(true);
        case 4 -> new Mishap.GuardKilled();
        case 5 -> new Mishap.AgentStopped();
        case 6 -> new Mishap.AgentKilled(random.nextBoolean());
        case 7 -> new Mishap.MachineStopped();
        case 8 -> new Mishap.QemuGone(random.nextBoolean());
        case 9 -> reply(Damage.DROPPED);
        case 10 -> reply(Damage.DELAYED);
        case 11 -> reply(Damage.SPLIT);
        case 12 -> reply(Damage.DUPLICATED);
        case 13 -> reply(Damage.CUT);
        case 14 -> new Mishap.Polled();
        case 15 -> new Mishap.Unread();
        default -> new Mishap.DiskFilled(random.nextInt(3) == 0);
      };
    }

    private Mishap reply(Damage damage) {
      Wire wire = random.nextBoolean() ? Wire.MONITOR : Wire.AGENT;
      List<String> ofTheMonitor = paused ? OF_A_PAUSING_MONITOR : OF_THE_MONITOR;
      List<String> commands = wire == Wire.MONITOR ? ofTheMonitor : OF_THE_AGENT;
      String command = commands.get(random.nextInt(commands.size()));
      int number = 1 + random.nextInt(command.isEmpty() ? REPLIES : 2);
      return new Mishap.ReplyDamaged(wire, damage, command, number);
    }

    private static boolean goTogether(Mishap one, Mishap other) {
      boolean same = one.getClass().equals(other.getClass());
      boolean bothOurs = isOurs(one) && isOurs(other);
      boolean stillOne = one instanceof Mishap.DiskFilled || other instanceof Mishap.DiskFilled;
      boolean machine =
          one instanceof Mishap.MachineStopped || other instanceof Mishap.MachineStopped;
      // A full disk stops the machine itself: two who continue it would not know of each other.
      return !same && !bothOurs && !(stillOne && machine);
    }

    private static boolean isOurs(Mishap mishap) {
      return mishap instanceof Mishap.OursKilled
          || mishap instanceof Mishap.BothKilled
          || mishap instanceof Mishap.OursStopped
          || mishap instanceof Mishap.GuardKilled;
    }
  }
}
