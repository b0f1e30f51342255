package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpEvent;
import dev.stillpoint.qmp.QmpSubscription;
import dev.stillpoint.qmp.command.QmpSchema;
import java.io.IOError;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/**
 * The shell for a person at a terminal. Events that come are told above the line that is written;
 * Ctrl-C gives up the line, or the wait for the command that runs. When the connection ends, so
 * does the shell.
 */
public final class TerminalShell implements AutoCloseable {
  private static final String PROMPT = "qmp> ";
  private static final String NEXT_LINE = "...> ";
  private static final int USUAL_WIDTH = 80;
  private static final int USUAL_HEIGHT = 24;

  private final Terminal terminal;
  private final QmpClient client;
  private final LineRunner runner;
  private final LineReader reader;
  private @Nullable Thread reading;
  private boolean over;
  private volatile boolean stopped;

  private TerminalShell(
      Terminal terminal, QmpClient client, QmpSchema schema, Duration timeout, Path history) {
    this.terminal = terminal;
    if (terminal.getColumns() == 0) {
      // A serial line does not tell its size; JLine would show dots for a prompt.
      terminal.setSize(Size.of(USUAL_WIDTH, USUAL_HEIGHT));
    }
    this.client = client;
    this.runner = new LineRunner(client, schema, timeout, new TerminalVoice());
    this.reader = reader(terminal, schema);
    try {
      ShellHistory.prepare(history);
      reader.setVariable(LineReader.HISTORY_FILE, history);
    } catch (IOException e) {
      complain("no history is kept: " + e.getMessage());
    }
  }

  /** A shell on the terminal that this process has; none of its programs is native code. */
  public static TerminalShell onSystemTerminal(
      QmpClient client, QmpSchema schema, Duration timeout, Path history) throws IOException {
    Terminal terminal =
        TerminalBuilder.builder().system(true).provider("exec").nativeSignals(true).build();
    return new TerminalShell(terminal, client, schema, timeout, history);
  }

  /** The same on any terminal, which it closes in the end. */
  static TerminalShell on(
      Terminal terminal, QmpClient client, QmpSchema schema, Duration timeout, Path history) {
    return new TerminalShell(terminal, client, schema, timeout, history);
  }

  private static LineReader reader(Terminal terminal, QmpSchema schema) {
    var completion = new Completion(schema);
    return LineReaderBuilder.builder()
        .terminal(terminal)
        .appName("stillpoint")
        .parser(new ShellParser())
        .history(new ShellHistory(new SecretLines(schema)))
        .completer((reader, line, candidates) ->
            completion
                .of(line.words().subList(0, line.wordIndex()), line.word())
                .forEach(one -> candidates.add(candidate(one))))
        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
        .option(LineReader.Option.INSERT_TAB, false)
        .variable(LineReader.SECONDARY_PROMPT_PATTERN, NEXT_LINE)
        .variable(LineReader.HISTORY_SIZE, ShellHistory.MAX_LINES)
        .variable(LineReader.HISTORY_FILE_SIZE, ShellHistory.MAX_LINES)
        .build();
  }

  private static Candidate candidate(Completion.Suggestion one) {
    String about = one.about().isEmpty() ? null : one.about();
    return new Candidate(one.text(), one.text(), null, about, null, null, one.whole());
  }

  /**
   * Reads and runs lines until the person leaves or the connection ends.
   *
   * @return whether it ended as the person wanted
   */
  public boolean run() {
    terminal.handle(Terminal.Signal.INT, signal -> runner.giveUp());
    var version = client.greeting().version();
    say(
        "QEMU %d.%d.%d; Tab completes, help tells more"
            .formatted(version.major(), version.minor(), version.micro()));
    try (QmpSubscription events = client.events(this::tell)) {
      var unused = events.ended().thenRun(this::gone);
      LineRunner.Outcome outcome = LineRunner.Outcome.DONE;
      while (outcome != LineRunner.Outcome.QUIT) {
        String line = read();
        if (line == null) {
          break;
        }
        outcome = runner.line(line);
      }
    }
    return ended();
  }

  private boolean ended() {
    if (stopped) {
      return false;
    }
    if (client.isOpen()) {
      return true;
    }
    String why = client.ending().orElse("");
    if (runner.endOrdered()) {
      say("QEMU has ended");
      return true;
    }
    complain("the connection has ended: " + why);
    return false;
  }

  private @Nullable String read() {
    synchronized (this) {
      if (over) {
        return null;
      }
      reading = Thread.currentThread();
    }
    try {
      return reader.readLine(PROMPT);
    } catch (UserInterruptException e) {
      return isOver() ? null : "";
    } catch (EndOfFileException e) {
      return null;
    } catch (IllegalStateException | IOError e) {
      // The end of the process closes the terminal, too, while a line is read from it.
      if (!isOver()) {
        throw e;
      }
      return null;
    } finally {
      synchronized (this) {
        reading = null;
        // The interrupt was for the line that is not read any more.
        boolean unused = Thread.interrupted();
      }
    }
  }

  private synchronized boolean isOver() {
    return over;
  }

  /** Ends it, from any thread, as one that was not left by its person. */
  public void stop() {
    stopped = true;
    boolean unused = runner.giveUp();
    gone();
  }

  /** Nothing comes any more, and nothing can be sent: whoever writes a line writes it in vain. */
  private synchronized void gone() {
    over = true;
    if (reading != null) {
      reading.interrupt();
    }
  }

  private void tell(QmpEvent event) {
    if (runner.events().isOn()) {
      reader.printAbove(styled(EventText.text(event), AttributedStyle.DEFAULT.faint()));
    }
  }

  private void say(String line) {
    terminal.writer().println(plain(line));
    terminal.flush();
  }

  private void complain(String message) {
    AttributedStyle red = AttributedStyle.DEFAULT.foreground(AttributedStyle.RED);
    terminal.writer().println(styled(plain(message), red));
    terminal.flush();
  }

  private String styled(String text, AttributedStyle style) {
    return new AttributedStringBuilder().styled(style, text).toAnsi(terminal);
  }

  /** What QEMU says may hold what a guest chose; nothing of it speaks to the terminal. */
  private static String plain(String text) {
    return text.replaceAll("\\p{Cc}", "\uFFFD");
  }

  /** Gives the terminal back as it was. */
  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      // It is gone, then.
    }
  }

  private final class TerminalVoice implements LineRunner.Voice {
    @Override
    public void tell(JsonNode reply) {
      ReplyText.lines(reply, width()).forEach(TerminalShell.this::say);
    }

    @Override
    public void say(String line) {
      TerminalShell.this.say(line);
    }

    @Override
    public void complain(String message) {
      TerminalShell.this.complain(message);
    }

    @Override
    public int width() {
      return terminal.getColumns();
    }
  }
}
