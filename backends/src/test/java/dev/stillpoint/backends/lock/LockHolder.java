package dev.stillpoint.backends.lock;

import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.nio.file.Path;
import java.util.List;

/** Another process: takes a lock, says what came of it, and holds it until its input ends. */
final class LockHolder {
  private LockHolder() {}

  static Process start(Path locks, Endpoint endpoint) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            LockHolder.class.getName(),
            locks.toString(),
            endpoint.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  public static void main(String[] args) throws Exception {
    List<Endpoint> machine = List.of(Endpoint.parse(args[1]));
    try {
      MachineLock.take(Path.of(args[0]), machine, "0ther000", "freeze");
      System.out.println("held");
      while (System.in.read() >= 0) {
        // Until the end of the input.
      }
    } catch (SnapshotException e) {
      System.out.println(e.failure().code() + ": " + e.getMessage());
    }
  }
}
