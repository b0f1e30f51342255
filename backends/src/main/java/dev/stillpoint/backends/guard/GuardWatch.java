package dev.stillpoint.backends.guard;

import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * The rules of a guard, between its owner and what is owed. It waits while the owner says once a
 * second that it is there. When the owner ends, or says nothing until the deadline, the guard pays
 * what is owed itself; an owner that comes back meanwhile has it all back at once, because both
 * write to one connection. Reads no clock but the one it is given. Used by one thread.
 */
final class GuardWatch {
  /** The owner let go: nothing is owed any more. */
  static final String DISARMED = "disarmed";

  /** The machine has ended, and what was owed to it. */
  static final String GONE = "gone";

  /** Nobody could be reached for so long that there is no machine any more, as far as we see. */
  static final String GAVE_UP = "gave up";

  /** The answer to a sign of life. */
  static final String HEARD = "heard";

  private static final String BACK = "back";

  /**
   * How long after the deadline we still listen to what has come: a guard that stood still itself,
   * as on a host that was suspended, must not blame its owner.
   */
  static final Duration GRACE = Duration.ofMillis(250);

  /** Between two attempts. */
  static final Duration RETRY = Duration.ofMillis(200);

  /** How long an owner who was stopped may take to come back and ask what became of it. */
  static final Duration WAIT_FOR_OWNER = Duration.ofSeconds(60);

  /** How long nobody may serve the machine's sockets, where its server's end tells nothing. */
  static final Duration LONGEST_UNSERVED = Duration.ofSeconds(60);

  /** How long the first attempt to pay may take; the next ones take longer, as a hook may. */
  static final Duration ATTEMPT = Duration.ofSeconds(5);

  static final Duration LONGEST_ATTEMPT = Duration.ofMinutes(5);

  /** Time as it passes, or as a test lets it pass. */
  interface Time {
    /** As {@link System#nanoTime()}. */
    long nanos();

    /** Lets so much of it pass. */
    void rest(Duration length);
  }

  /** What is owed to a machine. */
  interface Debt {
    /**
     * Tries once to pay it.
     *
     * @param attempt how long that may take
     * @param stop whether to stop, as somebody else uses the connections
     * @return true when nothing is owed any more, by proof
     * @throws IOException when nobody is reached
     */
    boolean pay(Duration attempt, BooleanSupplier stop) throws IOException;

    /** Whether nobody is left to whom it could be owed. */
    boolean isVoid();

    /** Whether the machine's end can be seen. */
    boolean isWatched();

    /** The owner says that the machine runs again. */
    void resumed();

    /** The owner says that the guest is thawed. */
    void thawed();

    /** What was paid, in a word for the journal. */
    String paid();
  }

  private final Words owner;
  private final Time clock;
  private final Debt debt;
  private final long patience;
  private final Runnable takeover;
  private final Runnable handback;
  private boolean ownerEnded;

  /**
   * A watch over one owner.
   *
   * @param patience how long the owner may say nothing
   * @param takeover hears that the guard acts from now on
   * @param handback hears that the owner is back
   */
  GuardWatch(
      Words owner, Time clock, Debt debt, Duration patience, Runnable takeover, Runnable handback) {
    this.owner = owner;
    this.clock = clock;
    this.debt = debt;
    this.patience = patience.toNanos();
    this.takeover = takeover;
    this.handback = handback;
  }

  /** Watches until nothing is owed any more; returns why. */
  String keep() {
    while (!isLetGo()) {
      takeover.run();
      String end = pay();
      if (!end.equals(BACK)) {
        return end;
      }
      handback.run();
    }
    return DISARMED;
  }

  /**
   * Whether the owner had ended when this guard began to act. One that stood still may have been
   * about to write a freeze, and may write it when it goes on.
   */
  boolean ownerEnded() {
    return ownerEnded;
  }

  /** Waits until the owner lets go (true), or is dead or stands still (false). */
  private boolean isLetGo() {
    long deadline = clock.nanos() + patience;
    while (true) {
      String said = owner.hear(Math.max(0, deadline - clock.nanos()));
      if (said.equals(Words.SILENCE)) {
        if (clock.nanos() - deadline < 0) {
          continue;
        }
        said = owner.hear(GRACE.toNanos());
      }
      switch (said) {
        case Words.ENDED, Words.SILENCE -> {
          ownerEnded = said.equals(Words.ENDED);
          return false;
        }
        case "disarm" -> {
          return true;
        }
        default -> {
          note(said);
          deadline = clock.nanos() + patience;
          if (said.startsWith("ask ")) {
            answer("armed " + number(said));
          } else if (said.equals("extend")) {
            answer(HEARD);
          }
        }
      }
    }
  }

  private void note(String said) {
    switch (said) {
      case "resumed" -> debt.resumed();
      case "thawed" -> debt.thawed();
      default -> {
        // A sign of life.
      }
    }
  }

  private String pay() {
    long reached = clock.nanos();
    Duration attempt = ATTEMPT;
    while (!debt.isVoid()) {
      try {
        if (debt.pay(attempt, this::isOwnerBack)) {
          return debt.paid();
        }
        attempt = longer(attempt);
        reached = clock.nanos();
      } catch (IOException | RuntimeException e) {
        // The next attempt connects anew.
      }
      String said = back.isEmpty() ? owner.hear(RETRY.toNanos()) : back;
      back = "";
      if (!said.equals(Words.ENDED) && !said.equals(Words.SILENCE)) {
        return ownerIsBack(said);
      }
      if (said.equals(Words.ENDED)) {
        // It is heard at once, and for ever.
        clock.rest(RETRY);
      }
      boolean unserved = clock.nanos() - reached >= LONGEST_UNSERVED.toNanos();
      if (unserved && !debt.isWatched()) {
        return GAVE_UP;
      }
    }
    return GONE;
  }

  /** What the owner said while an attempt was under way. */
  private String back = "";

  private boolean isOwnerBack() {
    if (back.isEmpty()) {
      String said = owner.hear(0);
      back = said.equals(Words.ENDED) || said.equals(Words.SILENCE) ? "" : said;
    }
    return !back.isEmpty();
  }

  private String ownerIsBack(String said) {
    note(said);
    if (said.startsWith("ask ")) {
      answer("back " + number(said));
    }
    return said.equals("disarm") ? DISARMED : BACK;
  }

  /** An owner that ends before it hears this is heard to have ended, and that is what counts. */
  private void answer(String line) {
    try {
      owner.say(line);
    } catch (IOException e) {
      // As said.
    }
  }

  private static Duration longer(Duration attempt) {
    Duration twice = attempt.multipliedBy(2);
    return twice.compareTo(LONGEST_ATTEMPT) < 0 ? twice : LONGEST_ATTEMPT;
  }

  /** Tells an owner that was stopped and comes back what became of it. */
  static void tell(Words owner, String end, Time clock) throws IOException {
    long until = clock.nanos() + WAIT_FOR_OWNER.toNanos();
    while (true) {
      String said = owner.hear(Math.max(0, until - clock.nanos()));
      if (said.equals(Words.ENDED) || said.equals(Words.SILENCE)) {
        return;
      }
      if (said.startsWith("ask ")) {
        owner.say("done " + number(said) + " " + end);
      } else if (said.equals("disarm")) {
        owner.say("disarmed");
      }
    }
  }

  private static String number(String said) {
    return said.substring(said.indexOf(' ') + 1);
  }
}
