package dev.stillpoint.it.chaos;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How our command line is started: as the launcher does, with an archive of its classes. It is made
 * once a JVM of ours; hundreds of starts would else cost more than all that they do.
 */
final class JavaStart {
  static final String MAIN = "dev.stillpoint.cli.Stillpoint";

  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  private static final List<String> FAST =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-XX:+ExitOnOutOfMemoryError",
          "--enable-native-access=ALL-UNNAMED",
          "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");

  /** From this release on the archive has its better form, and the older one warns. */
  private static final int AHEAD_OF_TIME = 25;

  private static final boolean AHEAD = Runtime.version().feature() >= AHEAD_OF_TIME;
  private static final Path ARCHIVE = train();

  private JavaStart() {}

  /** Up to the class path; properties and the main class come behind it. */
  static List<String> command() {
    var command = new ArrayList<String>(List.of(JAVA));
    command.addAll(FAST);
    // One that cannot be used is passed over.
    command.add((AHEAD ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + ARCHIVE);
    command.addAll(List.of("-cp", jars()));
    return command;
  }

  /** An archive takes no directories, and what our command line needs is in jars. */
  private static String jars() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(entry -> entry.endsWith(".jar"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static Path train() {
    try {
      Path directory = Files.createTempDirectory("sp-classes-");
      Path archive = directory.resolve("archive");
      var command = new ArrayList<String>(List.of(JAVA));
      command.add((AHEAD ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + archive);
      command.addAll(FAST);
      String nowhere = directory.resolve("none").toString();
      command.addAll(List.of("-cp", jars(), MAIN, "snapshot", "--qmp", nowhere));
      command.addAll(List.of("--qga", nowhere, "--name", "training", "-o", "json"));
      Process training =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      training.waitFor();
      // The last that is named goes first.
      directory.toFile().deleteOnExit();
      archive.toFile().deleteOnExit();
      return archive;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
