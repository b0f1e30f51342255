package dev.stillpoint.it;

import dev.stillpoint.core.transaction.Replay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * After each test class, the machine lives the traces of its operations again, also of those in
 * processes of their own: what was met in reality must be met in the explored world, or the class
 * fails. With {@code -Dstillpoint.regenerate=true} they are also kept for the tests of {@code
 * core}, each kind once. Registered for every class by a service.
 */
public final class TracesAreReplayed implements BeforeAllCallback, AfterAllCallback {
  private static final Path KEPT = Path.of("..", "core", "src", "test", "resources", "traces");
  private static final Optional<Path> DIRECTORY =
      Optional.ofNullable(System.getenv("STILLPOINT_TRACE")).map(Path::of);
  private static final Map<Path, Long> REPLAYED = new HashMap<>();

  private static final class Explored {
    static final Replay WORLD = Replay.inTheExploredWorld();
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    if (DIRECTORY.isPresent() && REPLAYED.isEmpty()) {
      Files.createDirectories(DIRECTORY.get());
      for (Path earlier : traces(DIRECTORY.get())) {
        Files.delete(earlier);
      }
      REPLAYED.put(DIRECTORY.get(), 0L);
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    Set<List<String>> kinds = new HashSet<>();
    for (Path trace : DIRECTORY.map(TracesAreReplayed::traces).orElse(List.of())) {
      Long size = Files.size(trace);
      if (!size.equals(REPLAYED.put(trace, size))) {
        kinds.add(Explored.WORLD.replay(trace));
      }
    }
    if (Boolean.getBoolean("stillpoint.regenerate") && !kinds.isEmpty()) {
      keep(context.getRequiredTestClass().getSimpleName(), kinds);
    }
  }

  private static void keep(String test, Set<List<String>> kinds) throws IOException {
    Files.createDirectories(KEPT);
    for (Path former : traces(KEPT)) {
      if (former.getFileName().toString().startsWith(test + "-")) {
        Files.delete(former);
      }
    }
    Set<List<String>> known = new HashSet<>();
    for (Path other : traces(KEPT)) {
      known.add(Files.readAllLines(other));
    }
    int number = 0;
    for (List<String> kind : kinds.stream().sorted(BY_TEXT).toList()) {
      // One that does not get as far as the files says little.
      if (kind.size() > 3 && known.add(kind)) {
        number++;
        Files.write(KEPT.resolve(test + "-" + number + ".trace"), kind);
      }
    }
  }

  private static final java.util.Comparator<List<String>> BY_TEXT =
      java.util.Comparator.comparing(Object::toString);

  private static List<Path> traces(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(".trace")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
