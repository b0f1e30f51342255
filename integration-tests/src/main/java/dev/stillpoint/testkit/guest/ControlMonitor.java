package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.LineSocket;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * The kit's own QMP monitor, beside those that tests use: a connection for a few commands. The kit
 * must stand without the client that it tests.
 */
final class ControlMonitor implements Closeable {
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

  private static final Pattern TEXT = Pattern.compile("\"return\": \"((?:[^\"\\\\]|\\\\.)*)\"");

  /** QEMU greets twice, and then answers nothing, where it is still setting its monitor up. */
  private static final int MAX_CONNECTIONS = 3;

  private final LineSocket socket;
  private int lastId;

  private ControlMonitor(LineSocket socket) {
    this.socket = socket;
  }

  static ControlMonitor connect(Path path) throws IOException {
    for (int connection = 1; ; connection++) {
      try {
        return negotiate(path);
      } catch (GreetedTwice e) {
        if (connection == MAX_CONNECTIONS) {
          throw e;
        }
      }
    }
  }

  private static ControlMonitor negotiate(Path path) throws IOException {
    LineSocket socket = LineSocket.connect(path);
    try {
      var monitor = new ControlMonitor(socket);
      awaitGreeting(socket);
      monitor.execute("qmp_capabilities", "{}");
      return monitor;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** An event may come before it. */
  private static void awaitGreeting(LineSocket socket) throws IOException {
    Deadline deadline = Deadline.in(ANSWER_LIMIT);
    while (!isGreeting(socket.readLine(deadline))) {
      // The next line may be it.
    }
  }

  private static boolean isGreeting(String line) {
    return line.startsWith("{\"QMP\"");
  }

  /** The whole line of the answer; an error's is in the message of the exception. */
  String execute(String command, String arguments) throws IOException {
    String id = "kit-" + ++lastId;
    socket.send(
        "{\"execute\":\"%s\",\"arguments\":%s,\"id\":\"%s\"}\n".formatted(command, arguments, id));
    Deadline deadline = Deadline.in(ANSWER_LIMIT);
    String line = socket.readLine(deadline);
    // Events come between; only the answer carries our id.
    while (!line.contains('"' + id + '"')) {
      if (isGreeting(line)) {
        throw new GreetedTwice();
      }
      line = socket.readLine(deadline);
    }
    if (line.contains("\"error\":")) {
      throw new IOException(command + ": " + line.strip());
    }
    return line;
  }

  /** The text that an answer returned; of its escapes only those that the console makes. */
  static String returned(String line) {
    var matcher = TEXT.matcher(line);
    if (!matcher.find()) {
      throw new IllegalArgumentException("no text was returned: " + line);
    }
    return matcher.group(1).replace("\\r", "").replace("\\n", "\n").replace("\\\"", "\"");
  }

  /** Quotes text as JSON. */
  static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static final class GreetedTwice extends IOException {
    private static final long serialVersionUID = 1;

    GreetedTwice() {
      super("the monitor greeted twice");
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
