package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.PrintWriter;
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

/** {@code stillpoint list}. */
@Command(
    name = "list",
    description = "Lists the snapshots of a disk that its storage keeps.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ListCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;
  @Mixin private StoredOptions stored = new StoredOptions();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "how to tell them (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  @Override
  public Integer call() {
    CommandSpec known = Objects.requireNonNull(spec, "picocli fills the specification in");
    List<StoredSnapshot> found = new ArrayList<>();
    try {
      stored.with((store, deadline) -> found.addAll(store.list(stored.disk(), deadline)));
    } catch (SnapshotException e) {
      Plain.warn(known.commandLine(), e.failure().message());
      return ExitCode.FAILED;
    }
    PrintWriter out = known.commandLine().getOut();
    if (output == OutputFormat.JSON) {
      out.println(json(found));
    } else {
      found.forEach(one -> text(one).forEach(out::println));
    }
    out.flush();
    return ExitCode.DONE;
  }

  static List<String> text(StoredSnapshot one) {
    List<String> lines = new ArrayList<>();
    lines.add(
        Plain.line(
            one.name()
                + " ("
                + one.method()
                + ", "
                + one.place()
                + one.created().map(time -> ", made " + time).orElse("")
                + ")"));
    one.backupSource()
        .ifPresent(source -> lines.add("  a backup may read: " + ResultText.of(source)));
    one.trouble().ifPresent(why -> lines.add("  of no use: " + Plain.line(why)));
    return lines;
  }

  static ObjectNode json(List<StoredSnapshot> found) {
    ObjectNode json = ResultJson.object();
    ArrayNode all = json.putArray("snapshots");
    for (StoredSnapshot one : found) {
      ObjectNode item = all.addObject();
      item.put("name", one.name()).put("method", one.method()).put("place", one.place());
      item.put("created", one.created().map(Object::toString).orElse(null));
      item.putNull("backupSource");
      one.backupSource().ifPresent(source -> item.set("backupSource", ResultJson.of(source)));
      item.put("trouble", one.trouble().orElse(null));
    }
    return json;
  }
}
