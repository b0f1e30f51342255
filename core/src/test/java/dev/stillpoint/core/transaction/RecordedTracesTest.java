package dev.stillpoint.core.transaction;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What real operations on real guests went through under real faults. {@code CONTRIBUTING.md} tells
 * how these files are recorded anew.
 */
@TestInstance(Lifecycle.PER_CLASS)
class RecordedTracesTest {
  private static final Path TRACES = Path.of("src", "test", "resources", "traces");

  private Replay replay = Replay.inTheExploredWorld();

  static List<Path> traces() throws IOException {
    try (Stream<Path> files = Files.list(TRACES)) {
      return files.sorted().toList();
    }
  }

  @BeforeAll
  void thereAreSome() throws IOException {
    assertTrue(traces().size() >= 10, () -> "only few traces in " + TRACES);
  }

  @ParameterizedTest
  @MethodSource("traces")
  void theMachineDoesTheSameAgain(Path trace) throws IOException {
    assertTrue(replay.replay(trace).size() > 1, trace::toString);
  }

  @Test
  void aTraceThatCannotBeIsRefused() throws IOException {
    Path whole =
        traces().stream()
            .filter(file -> lines(file).toString().contains("Frozen |"))
            .findFirst()
            .orElseThrow();
    List<String> lines = lines(whole);
    int frozen = indexOf(lines, "Frozen |");
    var unasked = new ArrayList<>(lines.subList(0, frozen));
    unasked.add("CutDone | freezing | ");
    var otherwise = new ArrayList<>(lines.subList(0, frozen));
    otherwise.add(lines.get(frozen).replace("Cut", "Thaw"));

    assertThrows(AssertionError.class, () -> replay.replay("unasked", unasked));
    assertThrows(AssertionError.class, () -> replay.replay("otherwise", otherwise));
  }

  private static int indexOf(List<String> lines, String beginning) {
    return lines.indexOf(
        lines.stream().filter(line -> line.startsWith(beginning)).findFirst().orElseThrow());
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
