package dev.stillpoint.backends.journal;

import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The journal as a directory with one file an operation: {@code operations/<id>.jsonl}, a line an
 * entry, removed at the end when nothing is owed and nothing is left over.
 *
 * <p>Lines are appended, each with a checksum, and synced. That is one sync an entry where a new
 * file and a rename would be two, somebody else may add a line without a reader for the rest (a
 * guard does), and it tolerates a torn last line, because the last whole one counts. Safe for use
 * by several threads and processes; one operation writes to one file.
 */
public final class JournalDirectory implements Journal {
  private static final String SUFFIX = ".jsonl";

  /** An operation's id becomes a file's name: nothing else may. */
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}");

  private static final FileAttribute<Set<PosixFilePermission>> OURS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final FileAttribute<Set<PosixFilePermission>> OUR_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Path operations;

  private JournalDirectory(Path state) {
    this.operations = state.toAbsolutePath().resolve("operations");
  }

  /** The journal in a state directory, which is made when the first entry is written. */
  public static JournalDirectory in(Path state) {
    return new JournalDirectory(state);
  }

  /** The state directory, absolute. */
  public Path state() {
    return Objects.requireNonNull(operations.getParent(), "operations lie in a directory");
  }

  /** Where an operation is written down, whether it is or not. */
  public Path fileOf(String operationId) {
    if (!ID.matcher(operationId).matches()) {
      throw new IllegalArgumentException("Not an operation's id: " + operationId);
    }
    return operations.resolve(operationId + SUFFIX);
  }

  @Override
  public void write(JournalEntry entry) {
    Path file = fileOf(entry.operationId());
    try {
      if (entry.isSettled()) {
        remove(file);
      } else {
        append(file, CheckedLine.seal(EntryJson.write(entry)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the journal " + file + " cannot be written: " + e, e);
    }
  }

  private void append(Path file, String line) throws IOException {
    boolean first = !Files.exists(file);
    if (first) {
      makeDirectory();
      Files.createFile(file, OUR_FILE);
    }
    boolean written = false;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.APPEND)) {
      // A line that somebody did not finish ends here, and takes this one with it no more.
      String start = endsLine(file) ? "" : "\n";
      ByteBuffer bytes = ByteBuffer.wrap((start + line + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
      written = true;
    } finally {
      if (first && !written) {
        Files.deleteIfExists(file);
      }
    }
    if (first) {
      sync(operations);
    }
  }

  private static boolean endsLine(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer last = ByteBuffer.allocate(1);
      long size = channel.size();
      return size == 0 || channel.read(last, size - 1) < 1 || last.get(0) == '\n';
    }
  }

  private void makeDirectory() throws IOException {
    if (!Files.isDirectory(operations)) {
      Files.createDirectories(operations, OURS_ALONE);
      sync(state());
    }
    Optional<String> unsafe = Ownership.ofDirectory(operations);
    if (unsafe.isPresent()) {
      throw new IOException(operations + " " + unsafe.get());
    }
  }

  private void remove(Path file) throws IOException {
    if (Files.deleteIfExists(file)) {
      sync(operations);
    }
  }

  /** A new name is safe when its directory is. */
  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * Every operation that is written down, the youngest first, because what was cut later lies on
   * top: those that run, and those that did not end.
   *
   * @throws UncheckedIOException when the directory is there and cannot be read, or when others
   *     than its owner may write to it: what it says leads to files being removed
   */
  public List<JournalFile> operations() {
    List<JournalFile> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(operations, "*" + SUFFIX)) {
      Optional<String> unsafe = Ownership.ofDirectory(operations);
      if (unsafe.isPresent()) {
        throw new IOException("it " + unsafe.get());
      }
      for (Path file : files) {
        read(file).ifPresent(found::add);
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("the journal " + operations + " cannot be read: " + e, e);
    }
    found.sort(Comparator.comparing(JournalFile::planned).reversed());
    return List.copyOf(found);
  }

  /** What one file holds; empty when it is gone. */
  static Optional<JournalFile> read(Path file) {
    try {
      Optional<String> unsafe = Ownership.ofFile(file);
      if (unsafe.isPresent()) {
        return Optional.of(JournalFile.unfit(file, unsafe.get()));
      }
      return Optional.of(parse(file, new String(Files.readAllBytes(file), StandardCharsets.UTF_8)));
    } catch (NoSuchFileException ended) {
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(JournalFile.unfit(file, "cannot be read: " + e));
    }
  }

  private static JournalFile parse(Path file, String text) {
    List<JournalEntry> entries = new ArrayList<>();
    int damaged = 0;
    boolean doubtful = false;
    boolean guarded = false;
    for (String line : text.split("\n", -1)) {
      if (line.isEmpty()) {
        continue;
      }
      if (CheckedLine.open(line).filter(note -> note.startsWith(GuardNote.KEY)).isPresent()) {
        guarded |= line.contains(GuardNote.THAWED);
        continue;
      }
      Optional<JournalEntry> entry = CheckedLine.open(line).flatMap(JournalDirectory::entry);
      entry.ifPresent(entries::add);
      damaged += entry.isEmpty() ? 1 : 0;
      doubtful = entry.isEmpty();
      // A guard's proof stands for what was said before it.
      guarded = false;
    }
    return new JournalFile(file, entries, damaged, doubtful, guarded, Optional.empty());
  }

  private static Optional<JournalEntry> entry(String object) {
    try {
      return Optional.of(EntryJson.read(object));
    } catch (IllegalArgumentException | DateTimeException anotherVersion) {
      return Optional.empty();
    }
  }
}
