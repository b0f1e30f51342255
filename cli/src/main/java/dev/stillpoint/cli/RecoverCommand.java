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
import org.jspecify.annotations.Nullable;
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
      "end it."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class RecoverCommand implements Callable<Integer> {
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
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "how to tell the result (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  @Override
  public Integer call() {
    Recovery recovery = Recovery.of(state.journal()).thawBound(thawBound);
    List<RecoveredOperation> found = (dryRun ? recovery.onlyTelling() : recovery).run();
    PrintWriter out =
        Objects.requireNonNull(spec, "picocli fills the specification in").commandLine().getOut();
    out.println(output == OutputFormat.JSON ? json(found) : text(found));
    out.flush();
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
      lines.add(name + ": " + words(one.state()));
      one.done().forEach(what -> lines.add("  " + what));
      one.disks().forEach(disk -> lines.addAll(ResultText.of(disk)));
      one.left().forEach(what -> lines.add("  left: " + what));
      one.notes().forEach(what -> lines.add("  note: " + what));
      if (!one.disks().isEmpty()) {
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
