package dev.stillpoint.cli.qmp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.jline.reader.impl.history.DefaultHistory;

/** The lines of earlier days, but for those with secrets, which are not kept for a moment. */
final class ShellHistory extends DefaultHistory {
  /** How many lines are kept. */
  static final int MAX_LINES = 1000;

  private final SecretLines secrets;

  ShellHistory(SecretLines secrets) {
    this.secrets = secrets;
  }

  @Override
  public void add(Instant time, String line) {
    if (!secrets.has(line)) {
      super.add(time, line);
    }
  }

  /** Makes the file, for its owner alone, where there is none. */
  static void prepare(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null && !Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    if (!Files.exists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    if (!Files.isRegularFile(file) || !Files.isWritable(file)) {
      throw new IOException(file + " cannot be written");
    }
  }
}
