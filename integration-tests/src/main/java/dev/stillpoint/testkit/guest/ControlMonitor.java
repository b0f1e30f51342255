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

  private final LineSocket socket;
  private int lastId;

  private ControlMonitor(LineSocket socket) {
    this.socket = socket;
  }

  static ControlMonitor connect(Path path) throws IOException {
    LineSocket socket = LineSocket.connect(path);
    try {
      var monitor = new ControlMonitor(socket);
      socket.readLine(Deadline.in(ANSWER_LIMIT));
      monitor.execute("qmp_capabilities", "{}");
      return monitor;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
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

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
