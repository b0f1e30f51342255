package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.Settlement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Lets the machine live a {@link Trace} again: it must do what was done then, and everything that
 * was met in reality must be met in the explored world too. A process that was killed leaves a
 * trace without an end.
 */
public final class Replay {
  private static final Failure TROUBLE = Surroundings.TROUBLE;

  /** Events whose text is their name alone. */
  private static final Map<String, Event> PLAIN =
      List.<Event>of(
              new Event.CheckFailed(TROUBLE),
              new Event.Reserved(),
              new Event.ReserveFailed(TROUBLE),
              new Event.Prepared(),
              new Event.PrepareFailed(TROUBLE),
              new Event.Frozen(),
              new Event.Paused(),
              new Event.PauseFailed(TROUBLE),
              new Event.CutDone(),
              new Event.CutFailed(TROUBLE),
              new Event.Resumed(),
              new Event.ResumeFailed(TROUBLE),
              new Event.ThawFailed(TROUBLE),
              new Event.Undone(),
              new Event.UndoFailed(TROUBLE),
              new Event.Cleaned(),
              new Event.CleanFailed(TROUBLE),
              new Event.CancelRequested())
          .stream()
          .collect(Collectors.toMap(Trace::text, Function.identity()));

  private final Set<Explorer.Met> explored;

  private Replay(Set<Explorer.Met> explored) {
    this.explored = explored;
  }

  /** Explores the world, which takes seconds. */
  public static Replay inTheExploredWorld() {
    return new Replay(new Explorer(TransactionMachine::next).exploreAll().met());
  }

  /**
   * Lives a trace again.
   *
   * @return its whole lines
   * @throws AssertionError when the machine does something else, or the world knows no such thing
   */
  public List<String> replay(Path file) throws IOException {
    String text = Files.readString(file, StandardCharsets.UTF_8);
    // A line without its end was being written when its process was killed.
    List<String> lines =
        text.substring(0, text.lastIndexOf('\n') + 1).lines().filter(l -> !l.isEmpty()).toList();
    replay(file.toString(), lines);
    return lines;
  }

  void replay(String name, List<String> lines) {
    State state = new State.Checking(new Terms(Quiesce.NEVER, LateCut.UNDO, false));
    for (int i = 0; i < lines.size(); i++) {
      String[] parts = lines.get(i).split(" \\| ", 2);
      String where = name + ":" + (i + 1) + ": " + lines.get(i);
      Step step;
      if (i == 0) {
        step = TransactionMachine.start(terms(parts[0]));
      } else {
        Event event = event(parts[0]);
        require(explored.contains(new Explorer.Met(state, event)), where + ": never explored");
        step = TransactionMachine.next(state, event);
      }
      String text = Trace.text(step);
      require(text.equals(parts[1]), where + ": the machine does this now: " + text);
      state = step.state();
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  private static Terms terms(String text) {
    String[] words = text.split(" ", -1);
    require(words[0].equals("start"), text + ": not the beginning of a trace");
    return new Terms(Quiesce.valueOf(words[1]), LateCut.valueOf(words[2]), isSet(words[3]));
  }

  private static Event event(String text) {
    String[] words = text.split(" ", -1);
    return switch (words[0]) {
      case "Checked" ->
          new Event.Checked(new Plan(isSet(words[1]), isSet(words[2]), isSet(words[3])));
      case "Recorded" -> new Event.Recorded(Journal.Phase.valueOf(words[1]));
      case "RecordFailed" -> new Event.RecordFailed(Journal.Phase.valueOf(words[1]), TROUBLE);
      case "FreezeFailed" -> new Event.FreezeFailed(TROUBLE, isSet(words[1]));
      case "Thawed" -> new Event.Thawed(isSet(words[1]));
      case "Settled" -> new Event.Settled(Settlement.State.valueOf(words[1]));
      case "TimerFired" -> new Event.TimerFired(Timer.valueOf(words[1]));
      default -> {
        Event plain = PLAIN.get(text);
        require(
            plain != null,
            text + ": not an event; known are " + Arrays.toString(PLAIN.keySet().toArray()));
        yield plain == null ? new Event.CheckFailed(Failure.of(ErrorCode.INTERNAL, text)) : plain;
      }
    };
  }

  private static boolean isSet(String word) {
    return word.endsWith("=true");
  }
}
