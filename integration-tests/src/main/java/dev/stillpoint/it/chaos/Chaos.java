package dev.stillpoint.it.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The chaos suite as a program: {@code --seed N} for the same rounds again, {@code --rounds N}, or
 * {@code --round K} for one alone; with {@code --paused} all of them pause the machine. Exit code 0
 * when every round was good, 1 when one was not, 2 when it was not understood.
 */
public final class Chaos {
  private static final String PAUSED = "--paused";
  private static final int DEFAULT_ROUNDS = 200;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final String USAGE =
      "usage: ./verify chaos [--seed N] [--rounds N] [--round K] [--paused]: random faults, from a seed";

  private final Map<String, Integer> counted = new TreeMap<>();
  private final List<Played> bad = new ArrayList<>();

  private Chaos() {}

  private record Options(long seed, int first, int last, boolean paused) {
    Round round(int number) {
      return paused ? Round.paused(seed, number) : Round.of(seed, number);
    }
  }

  /** Runs the rounds. */
  public static void main(String[] args) {
    Options options;
    try {
      options = parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println(USAGE);
      System.exit(2);
      return;
    }
    System.exit(new Chaos().run(options) ? 0 : 1);
  }

  private static Options parse(String[] args) {
    // Small, so that it is easy to type again.
    long seed = ThreadLocalRandom.current().nextInt(1, 1_000_000);
    int first = 1;
    int last = DEFAULT_ROUNDS;
    List<String> pairs = new ArrayList<>(List.of(args));
    boolean paused = pairs.remove(PAUSED);
    if (pairs.size() % 2 != 0) {
      throw new IllegalArgumentException("a value is missing");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      long value = Long.parseLong(pairs.get(i + 1));
      switch (pairs.get(i)) {
        case "--seed" -> seed = value;
        case "--rounds" -> last = Math.toIntExact(value);
        case "--round" -> {
          first = Math.toIntExact(value);
          last = first;
        }
        default -> throw new IllegalArgumentException(pairs.get(i));
      }
    }
    if (first < 1 || last < first) {
      throw new IllegalArgumentException("no round");
    }
    return new Options(seed, first, last, paused);
  }

  private boolean run(Options options) {
    say(
        "chaos: seed %d, rounds %d to %d"
            .formatted(options.seed(), options.first(), options.last()));
    long began = System.nanoTime();
    for (int number = options.first(); number <= options.last(); number++) {
      Played played = new RoundPlay(options.round(number)).play();
      tell(played);
    }
    say("");
    say("how often each fault struck:");
    counted.forEach((kind, times) -> say("  %4d  %s".formatted(times, kind)));
    int rounds = options.last() - options.first() + 1;
    String time = seconds(Duration.ofNanos(System.nanoTime() - began));
    say(
        "chaos: %d rounds in %s, %d of them bad; seed %d"
            .formatted(rounds, time, bad.size(), options.seed()));
    bad.forEach(played -> say("  again: " + again(played.round())));
    return bad.isEmpty();
  }

  private void tell(Played played) {
    played.struck().forEach(mishap -> counted.merge(mishap.kind(), 1, Integer::sum));
    if (played.struck().isEmpty()) {
      counted.merge("(nothing: the step or the reply did not come)", 1, Integer::sum);
    }
    say(
        "%4d  %-4s  %s  %s -> %s"
            .formatted(
                played.round().number(),
                played.isGood() ? "ok" : "BAD",
                seconds(played.took()),
                played.round().told(),
                played.ending()));
    if (!played.isGood()) {
      bad.add(played);
      say(describe(played));
    }
  }

  /** All that is known of a bad round, and how to have it again. */
  static String describe(Played played) {
    var lines = new ArrayList<String>();
    lines.add(
        "seed %d, round %d: %s"
            .formatted(played.round().seed(), played.round().number(), played.round().told()));
    lines.add("again: " + again(played.round()));
    played.wrong().forEach(what -> lines.add("  WRONG: " + what));
    played.story().forEach(what -> lines.add("  | " + what.replace("\n", "\n  | ")));
    return String.join("\n", lines);
  }

  private static String again(Round round) {
    return "./verify chaos --seed %d --round %d%s"
        .formatted(round.seed(), round.number(), round.paused() ? " " + PAUSED : "");
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%5.1f s", time.toNanos() / NANOS_PER_SECOND);
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
