package dev.stillpoint.core.transaction;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an operation went through, line by line: the event, the state that it led to, and the
 * effects, so that somebody can follow it, or have the machine live it again. Off unless the
 * environment variable {@value #VARIABLE} names a directory; then each operation has a file there,
 * named by its id, and by the process and its start. Nothing is written until the guest is let go,
 * and never by the thread that holds it; what was not written when the process is killed is lost.
 */
final class Trace {
  /** Names the directory. */
  static final String VARIABLE = "STILLPOINT_TRACE";

  private static final Logger log = LoggerFactory.getLogger(Trace.class);

  /** Many times the events of the longest operation; what comes after them is left out. */
  private static final int MAX_LINES = 10_000;

  private final Optional<Path> file;
  private final ExecutorService writer;
  private List<Taken> unwritten = new ArrayList<>();
  private int lines;
  private boolean ended;

  private record Taken(Optional<Event> event, Terms terms, Step step) {
    String line() {
      return event.map(Trace::text).orElseGet(() -> text(terms)) + " | " + text(step);
    }
  }

  private Trace(Optional<Path> file, ExecutorService writer) {
    this.file = file;
    this.writer = writer;
  }

  /**
   * The trace of one operation.
   *
   * @param writer the thread that writes it
   */
  static Trace of(String id, ExecutorService writer) {
    return new Trace(
        Optional.ofNullable(System.getenv(VARIABLE))
            .filter(directory -> !directory.isEmpty())
            .map(directory -> Path.of(directory, fileName(id, ProcessHandle.current()))),
        writer);
  }

  /** A process id comes again, and rehearsals have one id in all processes. */
  private static String fileName(String id, ProcessHandle process) {
    long started = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return id + "-" + process.pid() + "-" + started + ".trace";
  }

  /** The operation has begun. */
  void began(Terms terms, Step step) {
    note(Optional.empty(), terms, step);
  }

  /** It has taken a step. */
  void took(Event event, Terms terms, Step step) {
    note(Optional.of(event), terms, step);
  }

  private void note(Optional<Event> event, Terms terms, Step step) {
    // What is heard after the end means nothing any more.
    if (file.isPresent() && lines < MAX_LINES && !ended) {
      lines++;
      ended = step.state() instanceof State.Done;
      unwritten.add(new Taken(event, terms, step));
      if (!owes(step.state())) {
        List<Taken> now = unwritten;
        unwritten = new ArrayList<>();
        hand(file.get(), now);
      }
    }
  }

  /** A trace that cannot be written is none; the operation goes on. */
  private void hand(Path to, List<Taken> taken) {
    try {
      writer.execute(() -> append(to, taken));
    } catch (RuntimeException | Error e) {
      ended = true;
    }
  }

  private static boolean owes(State state) {
    return state.holdsGuest() || state instanceof State.Resuming || state instanceof State.Thawing;
  }

  private static void append(Path file, List<Taken> taken) {
    String text = taken.stream().map(one -> one.line() + "\n").collect(Collectors.joining());
    try {
      Files.write(
          file,
          text.getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      log.warn("the trace {} cannot be written: {}", file, e.toString());
    }
  }

  static String text(Terms terms) {
    return "start %s %s dryRun=%s".formatted(terms.quiesce(), terms.lateCut(), terms.dryRun());
  }

  /** An event with what the machine looks at; of a failure that is only that there is one. */
  static String text(Event event) {
    String name = event.getClass().getSimpleName();
    return switch (event) {
      case Event.Checked(Plan plan) ->
          "%s freeze=%s pause=%s ownPace=%s"
              .formatted(name, plan.freeze(), plan.pause(), plan.ownPace());
      case Event.Recorded e -> name + " " + e.phase();
      case Event.RecordFailed e -> name + " " + e.phase();
      case Event.FreezeFailed e -> name + " mayBeWritten=" + e.mayBeWritten();
      case Event.Thawed e -> name + " freezeHeld=" + e.freezeHeld();
      case Event.Settled e -> name + " " + e.state();
      case Event.TimerFired e -> name + " " + e.timer();
      default -> name;
    };
  }

  static String text(Step step) {
    return text(step.state())
        + " | "
        + step.effects().stream().map(Trace::text).collect(Collectors.joining(", "));
  }

  private static String text(State state) {
    return state instanceof State.Done done
        ? "done %s %s".formatted(done.outcome(), done.guest()).toLowerCase(Locale.ROOT)
        : state.label();
  }

  private static String text(Effect effect) {
    String name = effect.getClass().getSimpleName();
    return switch (effect) {
      case Effect.WriteJournal e ->
          name
              + " "
              + e.phase()
              + (e.owed().thaw() ? " owing a thaw" : "")
              + (e.owed().resume() ? " owing a resume" : "");
      case Effect.StartTimer e -> name + " " + e.timer();
      default -> name;
    };
  }
}
