package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.LineSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;

/** What the kit's own tests say to an agent that is alone with them, line by line. */
record AgentLines(LineSocket socket) {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  void send(String command) throws IOException {
    socket.send("{\"execute\":\"%s\"}\n".formatted(command));
  }

  String read() throws IOException {
    return socket.readLine(Deadline.in(LIMIT));
  }

  String ask(String command) throws IOException {
    send(command);
    return read();
  }

  String freezeOnly(String mountPoint) throws IOException {
    socket.send(
        "{\"execute\":\"guest-fsfreeze-freeze-list\",\"arguments\":{\"mountpoints\":[\"%s\"]}}\n"
            .formatted(mountPoint));
    return read();
  }

  /** Of an answer that is a list, the object that names this mount point. */
  String part(String command, String mountPoint) throws IOException {
    String answer = ask(command);
    return Stream.of(answer.split("(?=\\{\"name\")"))
        .filter(part -> part.contains("\"mountpoint\": \"" + mountPoint + "\""))
        .findFirst()
        .orElseThrow(() -> new IOException(mountPoint + " is not in " + answer));
  }
}
