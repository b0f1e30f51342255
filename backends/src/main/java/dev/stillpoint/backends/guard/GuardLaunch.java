package dev.stillpoint.backends.guard;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How a guard process is started. Who packs our classes otherwise than as jars beside a JDK (a fat
 * jar under another name, a run time without {@code bin/java}, a container) supplies one.
 *
 * <p>What it must achieve: a JVM that runs the main class with the arguments, with our classes,
 * those of junixsocket and nothing else; as the same user, with the same file systems and process
 * numbers as this one; and so that a signal for this process, or for its whole group, does not
 * reach it. It must take neither standard input nor output from us.
 */
@FunctionalInterface
public interface GuardLaunch {
  /** How long a guard that was started may take to report. */
  java.time.Duration PATIENCE = java.time.Duration.ofSeconds(10);

  /**
   * Starts it; does not wait for it. May be called by several threads.
   *
   * @param mainClass the class to run
   * @param arguments its arguments: one, a directory that the guard must reach by this name
   * @return the process, of which only is asked whether it is alive, and which is killed if it does
   *     not report within {@link #PATIENCE}
   * @throws IOException when it cannot be started: then nothing is frozen ({@link
   *     dev.stillpoint.core.snapshot.ErrorCode#GUARD_FAILED})
   */
  Process launch(String mainClass, List<String> arguments) throws IOException;

  /**
   * The usual way: {@code setsid}, the JDK that this process runs on, and the jars and directories
   * that it runs from.
   */
  static GuardLaunch standard() {
    return fromClassPath(OwnJars.text());
  }

  /**
   * The same with a class path of the caller's, such as one fat jar.
   *
   * @param classPath absolute names, as of {@code java -cp}
   */
  static GuardLaunch fromClassPath(String classPath) {
    return fromClassPath(classPath, List.of());
  }

  /**
   * The same with more options for the JVM.
   *
   * @param options such as {@code -Djava.io.tmpdir=/run/mine}, where junixsocket unpacks its
   *     library
   */
  static GuardLaunch fromClassPath(String classPath, List<String> options) {
    return (mainClass, arguments) -> {
      List<String> command = new ArrayList<>();
      command.add("setsid");
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of(
              // It does next to nothing: a compiler would cost 8 MB and gain no time.
              "-Xint",
              "-XX:+UseSerialGC",
              "-Xmx16m",
              "-Xss256k",
              "--enable-native-access=ALL-UNNAMED"));
      command.addAll(options);
      command.addAll(List.of("-cp", classPath, mainClass));
      command.addAll(arguments);
      return new ProcessBuilder(command)
          .redirectInput(new File("/dev/null"))
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .directory(new File("/"))
          .start();
    };
  }
}
