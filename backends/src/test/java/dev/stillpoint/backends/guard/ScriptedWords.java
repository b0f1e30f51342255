package dev.stillpoint.backends.guard;

import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The other end of a control connection, and time with it: it says what it is told to, each word at
 * its moment, and time passes only while somebody waits.
 */
final class ScriptedWords implements Words, GuardWatch.Time {
  private record Said(long at, String line) {}

  private final Deque<Said> script = new ArrayDeque<>();
  private final List<String> heard = new ArrayList<>();
  private long now = 1_000_000_000_000L;
  private long planned = now;
  private Optional<String> answer = Optional.empty();

  /** Says a word so long after the one before it. */
  ScriptedWords after(Duration pause, String line) {
    planned += pause.toNanos();
    script.add(new Said(planned, line));
    return this;
  }

  /** Answers every question with this, before its number, from now on. */
  ScriptedWords answers(String word) {
    answer = Optional.of(word);
    return this;
  }

  /** Lets time pass. */
  void pass(Duration length) {
    now += length.toNanos();
  }

  /** What was said to it. */
  List<String> heard() {
    return List.copyOf(heard);
  }

  @Override
  public void say(String line) throws IOException {
    heard.add(line);
    if (line.startsWith("ask ")) {
      answer.ifPresent(
          word -> script.addFirst(new Said(now, word + " " + line.substring("ask ".length()))));
    }
  }

  @Override
  public void say(String line, FileDescriptor beside) throws IOException {
    say(line);
  }

  @Override
  public String hear(long nanos) {
    Said next = script.peek();
    if (next == null || next.at() - now > nanos) {
      now += nanos;
      return SILENCE;
    }
    now = Math.max(now, next.at());
    if (!next.line().equals(ENDED)) {
      script.remove();
    }
    return next.line();
  }

  @Override
  public long nanos() {
    return now;
  }

  @Override
  public void rest(Duration length) {
    pass(length);
  }

  @Override
  public void close() {}
}
