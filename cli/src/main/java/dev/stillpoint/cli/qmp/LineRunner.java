package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.schema.SchemaCommand;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Does what one line, or the words of one command line, say, and tells what came of it. One thread
 * gives it lines; any may {@link #giveUp}.
 */
public final class LineRunner {
  static final String HELP = "help";
  static final String COMMANDS = "commands";
  static final String EVENTS = "events";
  static final String QUIT = "quit";
  static final String EXIT = "exit";

  /** The words that are the shell's and not QEMU's. */
  static final Map<String, String> OWN = own();

  private static final Set<String> REQUEST = Set.of("execute", "arguments", "id");

  /** What became of a line. */
  public enum Outcome {
    /** It was done. */
    DONE,
    /** QEMU refused it, or did not answer. */
    FAILED,
    /** Nobody can mean it; nothing was sent. */
    MISUSED,
    /** The shell is to end. */
    QUIT
  }

  private final QmpClient client;
  private final QmpSchema schema;
  private final ArgumentWords arguments;
  private final Duration timeout;
  private final Voice voice;
  private final EventSwitch events = new EventSwitch();
  private @Nullable CompletableFuture<JsonNode> running;
  private volatile boolean endOrdered;

  /** Runs lines against a QEMU, whose schema this is. */
  public LineRunner(QmpClient client, QmpSchema schema, Duration timeout, Voice voice) {
    this.client = client;
    this.schema = schema;
    this.arguments = new ArgumentWords(schema);
    this.timeout = timeout;
    this.voice = voice;
  }

  /** Whether events are to be told; only the shell on a terminal has them. */
  static final class EventSwitch {
    private volatile boolean on = true;

    boolean isOn() {
      return on;
    }
  }

  private static Map<String, String> own() {
    Map<String, String> own = new LinkedHashMap<>();
    own.put(HELP, "help, or help COMMAND");
    own.put(COMMANDS, "lists the commands");
    own.put(EVENTS, "events on, events off");
    own.put(QUIT, "leaves the shell; QEMU runs on");
    own.put(EXIT, "the same");
    return own;
  }

  EventSwitch events() {
    return events;
  }

  /** Whether QEMU was told to end, and said that it will. */
  boolean endOrdered() {
    return endOrdered;
  }

  /** Does what a line says. */
  Outcome line(String line) {
    try {
      List<String> words = ShellWords.texts(line);
      if (words.isEmpty() || words.get(0).startsWith("#")) {
        return Outcome.DONE;
      }
      return words.get(0).startsWith("{") ? request(words) : own(words);
    } catch (Mistake mistake) {
      voice.complain(String.valueOf(mistake.getMessage()));
      return Outcome.MISUSED;
    }
  }

  private Outcome own(List<String> words) {
    List<String> rest = words.subList(1, words.size());
    return switch (words.get(0)) {
      case HELP -> help(rest);
      case COMMANDS -> commands(rest);
      case EVENTS -> events(rest);
      case QUIT, EXIT -> {
        if (!rest.isEmpty()) {
          throw new Mistake(words.get(0) + " leaves the shell and takes no arguments");
        }
        yield Outcome.QUIT;
      }
      default -> command(words.get(0), rest);
    };
  }

  private Outcome request(List<String> words) {
    JsonNode request =
        StrictJson.read(words.get(0))
            .filter(JsonNode::isObject)
            .orElseThrow(() -> new Mistake("this is no JSON object"));
    JsonNode given = request.path("arguments");
    boolean strange =
        request.properties().stream().anyMatch(member -> !REQUEST.contains(member.getKey()));
    if (words.size() > 1
        || strange
        || !request.path("execute").isTextual()
        || !(given.isMissingNode() || given.isObject())) {
      throw new Mistake(
          "a command as JSON has a name in \"execute\" and an object in \"arguments\"");
    }
    SchemaCommand command = arguments.command(request.path("execute").asText());
    return send(
        command,
        arguments.checked(
            command,
            given instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode()));
  }

  /**
   * Does what the words of a command line say, which knows of the shell's own words {@code help}
   * only; throws a {@link Mistake} for what QEMU cannot be told.
   */
  public Outcome words(List<String> words) {
    if (words.get(0).startsWith("{")) {
      return request(words);
    }
    List<String> rest = words.subList(1, words.size());
    return words.get(0).equals(HELP) ? help(rest) : command(words.get(0), rest);
  }

  private Outcome command(String name, List<String> words) {
    SchemaCommand command = arguments.command(name);
    return send(command, arguments.parse(command, words));
  }

  private Outcome send(SchemaCommand command, ObjectNode given) {
    CompletableFuture<JsonNode> reply = client.execute(command.name(), given, timeout);
    synchronized (this) {
      running = reply;
    }
    try {
      JsonNode value = reply.join();
      endOrdered = endOrdered || command.name().equals("quit");
      voice.tell(value);
      return Outcome.DONE;
    } catch (CancellationException e) {
      voice.complain(command.name() + " was given up; QEMU may have done it, or may still do it");
    } catch (CompletionException e) {
      voice.complain(text(e.getCause() == null ? e : e.getCause()));
    } finally {
      synchronized (this) {
        running = null;
      }
    }
    return Outcome.FAILED;
  }

  private static String text(Throwable failure) {
    return failure instanceof CommandException.Refused refused
        ? refused.command() + " was refused: " + refused.errorClass() + ": " + refused.description()
        : String.valueOf(failure.getMessage());
  }

  /** Waits no longer for the command that runs, if one does. */
  public synchronized boolean giveUp() {
    CompletableFuture<JsonNode> waitedFor = running;
    return waitedFor != null && waitedFor.cancel(false);
  }

  /** Help on the shell, or on something of QEMU. */
  private Outcome help(List<String> words) {
    if (words.isEmpty() || OWN.containsKey(words.get(0))) {
      usage().forEach(voice::say);
    } else {
      new SchemaHelp(schema, voice.width()).on(words).forEach(voice::say);
    }
    return Outcome.DONE;
  }

  private List<String> usage() {
    return List.of(
        "COMMAND key=value ...   runs a command; Tab completes commands, arguments, words",
        "  key=value             read as what this QEMU says it is: number, word, text",
        "  key.member=value      a member of an object; key.0=value, the first of a list",
        "  key:=JSON             any JSON",
        "COMMAND {...}           all arguments as one JSON object",
        "{\"execute\": \"...\"}      a command as it stands in QEMU's manual",
        "help COMMAND [WHAT]     what it takes and returns; WHAT: an argument, '"
            + SchemaHelp.RETURNS
            + "', TAG=WORD",
        "help EVENT              what an event carries",
        "commands [PART]         lists the " + schema.commands().size() + " commands",
        "events on|off           whether events are told (" + (events.isOn() ? "on" : "off") + ")",
        "quit                    leaves the shell, as does Ctrl-D; QEMU runs on.",
        "                        To end QEMU: {\"execute\": \"quit\"}");
  }

  private Outcome commands(List<String> parts) {
    schema.commands().stream()
        .filter(name -> parts.stream().allMatch(name::contains))
        .sorted()
        .forEach(voice::say);
    return Outcome.DONE;
  }

  private Outcome events(List<String> words) {
    if (words.size() > 1 || words.stream().anyMatch(word -> !Set.of("on", "off").contains(word))) {
      throw new Mistake("it is events on, or events off");
    }
    words.forEach(word -> events.on = word.equals("on"));
    voice.say("events are " + (events.isOn() ? "told" : "not told"));
    return Outcome.DONE;
  }

  /** How things are told. */
  public interface Voice {
    /** A reply. */
    void tell(JsonNode reply);

    /** A line for a person. */
    void say(String line);

    /** What went wrong. */
    void complain(String message);

    /** The width of a line; an own one for each line, as a terminal may change. */
    int width();
  }
}
