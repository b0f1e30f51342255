package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.backends.journal.StateDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.cli.qmp.ArgumentWords;
import dev.stillpoint.cli.qmp.EventFollower;
import dev.stillpoint.cli.qmp.EventText;
import dev.stillpoint.cli.qmp.LineRunner;
import dev.stillpoint.cli.qmp.Mistake;
import dev.stillpoint.cli.qmp.PipedShell;
import dev.stillpoint.cli.qmp.ReplyText;
import dev.stillpoint.cli.qmp.TerminalShell;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpEvent;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.wirelog.WireLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stillpoint qmp}: one command of the monitor, its events, or a shell. */
@Command(
    name = "qmp",
    description = {
      "Runs one command of QEMU's monitor and prints its reply as JSON. 'events' follows events,",
      "'help [COMMAND]' tells what this QEMU knows. Without a command, a shell that completes",
      "commands and arguments; where no terminal is, it reads a command from each line."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Arguments are looked at before anything is sent, with the schema of the running QEMU:",
      "  key=value           the value is of the type that QEMU gives the argument: text, a word,",
      "                      a number (decimal or 0x...), true or false; an object or a list as JSON",
      "  key.member=value    a member of an object; key.0=value, the first element of a list",
      "  key:=JSON           any JSON",
      "  {...}               all arguments as one JSON object",
      "Exit codes: 0 done; 1 refused, or QEMU is not reached or has gone; 2 usage, also a command",
      "or an argument that this QEMU does not have: nothing was sent."
    })
final class QmpCommand implements Callable<Integer> {
  private static final String EVENTS = "events";
  private static final String HELP = "help";
  private static final String HISTORY = "qmp-history";
  private static final int WIDTH = 80;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "EP",
      converter = EndpointText.class,
      description = "the machine's monitor")
  private Endpoint qmp = Endpoint.tcp("localhost", 1);

  @Parameters(
      index = "1..*",
      paramLabel = "COMMAND [ARGUMENT...]",
      description = "such as query-status; 'events'; 'help'; nothing for a shell")
  private List<String> words = new ArrayList<>();

  @Option(names = "--name", paramLabel = "EVENT", split = ",", description = "events: only these")
  private Set<String> names = new LinkedHashSet<>();

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      converter = DurationText.class,
      description = "events: how long; with --count, exit code 1 when fewer have come by then")
  private @Nullable Duration limit;

  @Option(names = "--count", paramLabel = "N", description = "events: how many")
  private @Nullable Long count;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "10s",
      converter = DurationText.class,
      description = "how long to wait for QEMU, and then for each reply (${DEFAULT-VALUE})")
  private Duration timeout = QmpOptions.DEFAULT_TIMEOUT;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "text: for people; json: a line for each reply or event (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  @Mixin private WireLogOption wireLog = new WireLogOption();

  private final LineRunner.Voice voice = new StreamVoice();

  @Override
  public Integer call() {
    checkWords();
    Optional<WireLog> log = wireLog.open(commandLine());
    try {
      return EndsBySignal.run(guarded -> connectAndRun(guarded, log));
    } finally {
      log.ifPresent(open -> WireLogOption.close(open, commandLine()));
    }
  }

  /** What can be said without QEMU. */
  private void checkWords() {
    if (!words.equals(List.of(EVENTS))) {
      if (!names.isEmpty() || limit != null || count != null) {
        throw misuse("--name, --for and --count are for 'events', which takes nothing else");
      }
      if (!words.isEmpty() && words.get(0).equals(EVENTS)) {
        throw misuse("'events' takes options only: --name, --for, --count");
      }
    }
    if (count != null && count < 1) {
      throw misuse("--count must be at least 1");
    }
    if (words.size() > 1 && !words.get(0).equals(HELP)) {
      try {
        ArgumentWords.check(words.subList(1, words.size()));
      } catch (Mistake mistake) {
        throw misuse(String.valueOf(mistake.getMessage()));
      }
    }
  }

  private int connectAndRun(EndsBySignal guarded, Optional<WireLog> log) {
    QmpOptions plain =
        QmpOptions.defaults().withConnectTimeout(timeout).withCommandTimeout(timeout);
    QmpOptions options = log.map(plain::withWireLog).orElse(plain);
    try (QmpClient client = QmpClient.connect(qmp, options).join()) {
      return words.equals(List.of(EVENTS)) ? events(client, guarded) : commands(client, guarded);
    } catch (CompletionException e) {
      Throwable failure = e.getCause() == null ? e : e.getCause();
      warn(
          MachineLock.owner(List.of(qmp))
              .map(owner -> owner.refusal().message())
              .orElse(String.valueOf(failure.getMessage())));
      return ExitCode.FAILED;
    } catch (Mistake mistake) {
      throw misuse(String.valueOf(mistake.getMessage()));
    }
  }

  private int commands(QmpClient client, EndsBySignal guarded) {
    QmpSchema schema = client.schema().join();
    if (words.isEmpty() && StandardStreams.areATerminal()) {
      return terminal(client, schema, guarded);
    }
    var runner = new LineRunner(client, schema, timeout, voice);
    guarded.whenSignalled(runner::giveUp);
    if (words.isEmpty()) {
      return piped(client, runner);
    }
    boolean done = runner.words(words) == LineRunner.Outcome.DONE;
    return done ? ExitCode.DONE : ExitCode.FAILED;
  }

  private int terminal(QmpClient client, QmpSchema schema, EndsBySignal guarded) {
    var history = StateDirectory.standard().resolve(HISTORY);
    try (TerminalShell shell = TerminalShell.onSystemTerminal(client, schema, timeout, history)) {
      guarded.whenSignalled(shell::stop);
      return shell.run() ? ExitCode.DONE : ExitCode.FAILED;
    } catch (IOException e) {
      warn("there is no terminal: " + e.getMessage());
      return ExitCode.FAILED;
    }
  }

  private int piped(QmpClient client, LineRunner runner) {
    var lines = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
    try {
      return new PipedShell(client, runner).run(lines, voice) ? ExitCode.DONE : ExitCode.FAILED;
    } catch (IOException e) {
      warn("the commands cannot be read: " + e.getMessage());
      return ExitCode.FAILED;
    }
  }

  private int events(QmpClient client, EndsBySignal guarded) {
    if (!names.isEmpty()) {
      QmpSchema schema = client.schema().join();
      for (String name : names) {
        if (!schema.hasEvent(name)) {
          throw misuse("this QEMU has no event '" + name + "'");
        }
      }
    }
    OptionalLong wanted = count == null ? OptionalLong.empty() : OptionalLong.of(count);
    var follower = new EventFollower(this::tell, wanted);
    guarded.whenSignalled(follower::stop);
    EventFollower.Ending ending = follower.follow(client, names, Optional.ofNullable(limit));
    if (follower.dropped() > 0) {
      warn(follower.dropped() + " events were lost: they came faster than they were read");
    }
    return switch (ending) {
      case ASKED, COUNTED, UNREAD -> ExitCode.DONE;
      case TIME_OVER -> {
        if (wanted.isPresent()) {
          warn("only " + follower.told() + " of " + count + " events have come");
        }
        yield wanted.isPresent() ? ExitCode.FAILED : ExitCode.DONE;
      }
      case GONE -> {
        warn("the connection has ended: " + client.ending().orElse(""));
        yield ExitCode.FAILED;
      }
    };
  }

  private boolean tell(QmpEvent event) {
    PrintWriter out = commandLine().getOut();
    out.println(output == OutputFormat.JSON ? EventText.json(event) : EventText.text(event));
    return !out.checkError();
  }

  private void warn(String message) {
    Plain.warn(commandLine(), message);
  }

  private ParameterException misuse(String message) {
    return new ParameterException(commandLine(), message);
  }

  private CommandLine commandLine() {
    return Objects.requireNonNull(spec, "picocli fills the specification in").commandLine();
  }

  /** Replies to standard output, and all that goes wrong to standard error. */
  private final class StreamVoice implements LineRunner.Voice {
    @Override
    public void tell(JsonNode reply) {
      if (output == OutputFormat.JSON) {
        say(reply.toString());
      } else {
        ReplyText.lines(reply, WIDTH).forEach(this::say);
      }
    }

    @Override
    public void say(String line) {
      PrintWriter out = commandLine().getOut();
      out.println(line);
      out.flush();
    }

    @Override
    public void complain(String message) {
      warn(message);
    }

    @Override
    public int width() {
      return WIDTH;
    }
  }
}
