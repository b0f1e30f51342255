package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.RecoveredOperation;
import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.Recovery;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code stillpoint recover}. */
@Command(
    name = "recover",
    description = "Ends the operations that were killed: thaws, finds out, and removes.",
    footer = {
      "",
      "It works on a machine only while nobody else does. It removes only what is provably the",
      "operation's and provably unused, and may be run again at any time.",
      "Exit codes: 0 nothing is left, or its owner lives; 1 something is left, and is listed;",
      "3 THE GUEST MAY BE FROZEN OR PAUSED. With --dry-run: 1 and 3 also where a recovery would",
      "end it. A signal ends it at the next safe point, with the same codes."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class RecoverCommand implements Callable<Integer> {
  /** How long the step may take in which a signal comes, besides a thaw. */
  private static final Duration LAST_STEP = Duration.ofSeconds(60);

  @Spec private @Nullable CommandSpec spec;

  @Mixin private StateOption state = new StateOption();

  @Option(names = "--dry-run", description = "only tell what would be done; nothing is thawed")
  private boolean dryRun;

  @Option(
      names = "--thaw-bound",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationText.class,
      description = "how long to pursue a thaw, for each operation (${DEFAULT-VALUE})")
  private Duration thawBound = Recovery.DEFAULT_THAW_BOUND;

  @Option(
      names = "--undo-bound",
      paramLabel = "DURATION",
      defaultValue = "5m",
      converter = DurationText.class,
      description =
          "how long to wait for a cut that is being taken back, for each operation"
              + " (${DEFAULT-VALUE})")
  private Duration undoBound = Recovery.DEFAULT_UNDO_BOUND;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "how to tell the result (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  @Override
  public Integer call() {
    return Interruptible.run(thawBound.plus(LAST_STEP), this::recover);
  }

  private int recover(Interruptible guarded) {
    var asked = new AtomicBoolean();
    guarded.whenAsked(() -> asked.set(true));
    if (!guarded.begin()) {
      return ExitCode.FAILED;
    }
    Recovery recovery = Recovery.of(state.journal()).thawBound(thawBound).undoBound(undoBound);
    List<RecoveredOperation> found = (dryRun ? recovery.onlyTelling() : recovery).run(asked::get);
    CommandLine command =
        Objects.requireNonNull(spec, "picocli fills the specification in").commandLine();
    PrintWriter out = command.getOut();
    out.println(output == OutputFormat.JSON ? json(found) : text(found));
    out.flush();
    if (asked.get()) {
      Plain.warn(command, "interrupted: no new step was begun; run it again for what is left");
    }
    return code(found);
  }

  static int code(List<RecoveredOperation> found) {
    return found.stream()
        .map(RecoveredOperation::state)
        .max(State::compareTo)
        .map(worst ->
            switch (worst) {
              case SETTLED, OWNED -> ExitCode.DONE;
              case PENDING, LEFT -> ExitCode.FAILED;
              case MAYBE_FROZEN -> ExitCode.MAY_BE_FROZEN;
            })
        .orElse(ExitCode.DONE);
  }

  static String text(List<RecoveredOperation> found) {
    if (found.isEmpty()) {
      return "nothing is left to recover";
    }
    List<String> lines = new ArrayList<>();
    for (RecoveredOperation one : found) {
      String name =
          one.operation().isEmpty()
              ? one.journal().toString()
              : "operation " + one.operation() + " (" + one.what() + ")";
      lines.add(Plain.line(name) + ": " + words(one.state()));
      one.done().forEach(what -> lines.add("  " + Plain.line(what)));
      one.disks().forEach(disk -> lines.addAll(ResultText.of(disk)));
      one.left().forEach(what -> lines.add("  left: " + Plain.line(what)));
      one.notes().forEach(what -> lines.add("  note: " + Plain.line(what)));
      if (one.disks().stream().anyMatch(disk -> disk.modifiedDisk().isPresent())) {
        lines.add(ResultText.PERSIST);
      }
    }
    return String.join("\n", lines);
  }

  private static String words(State state) {
    return switch (state) {
      case SETTLED -> "recovered";
      case OWNED -> "its machine is in somebody's hands; left alone";
      case PENDING -> "to be recovered";
      case LEFT -> "something is left";
      case MAYBE_FROZEN -> "THE GUEST MAY BE FROZEN OR PAUSED";
    };
  }

  static ObjectNode json(List<RecoveredOperation> found) {
    ObjectNode json = ResultJson.object();
    ArrayNode operations = json.putArray("operations");
    for (RecoveredOperation one : found) {
      ObjectNode item = operations.addObject();
      item.put("operation", one.operation().isEmpty() ? null : one.operation());
      item.put("what", one.what().isEmpty() ? null : one.what());
      item.put("journal", one.journal().toString());
      item.put("state", ResultJson.word(one.state()));
      ArrayNode disks = item.putArray("disks");
      one.disks().forEach(disk -> disks.add(ResultJson.of(disk)));
      item.set("done", ResultJson.texts(one.done()));
      item.set("left", ResultJson.texts(one.left()));
      item.set("notes", ResultJson.texts(one.notes()));
    }
    return json;
  }
}
