package dev.stillpoint.testkit.guest;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path root;

  @Test
  void isWhereTheEnvironmentSays() {
    Path home = Path.of("/home/a");
    assertEquals(Path.of("/home/a/.cache/stillpoint"), Cache.root(Map.of(), home));
    assertEquals(Path.of("/x/stillpoint"), Cache.root(Map.of("XDG_CACHE_HOME", "/x"), home));
    assertEquals(
        Path.of("/own"),
        Cache.root(Map.of("XDG_CACHE_HOME", "/x", "STILLPOINT_CACHE", "/own"), home));
  }

  @Test
  void keysTellPartsApart() {
    assertEquals(Cache.key(List.of("a", "b")), Cache.key(List.of("a", "b")));
    assertNotEquals(Cache.key(List.of("a", "b")), Cache.key(List.of("ab")));
    assertNotEquals(Cache.key(List.of("a", "b")), Cache.key(List.of("b", "a")));
  }

  @Test
  void isMadeOnceByManyAtOnce() throws Exception {
    // given one that makes an entry until all the others wait for it
    var made = new AtomicInteger();
    var others = new ArrayList<Thread>();
    Cache.Maker maker =
        directory -> {
          if (made.incrementAndGet() == 1) {
            await().atMost(LIMIT).until(() -> others.stream().allMatch(CacheTest::waits));
          }
          Files.writeString(directory.resolve("content"), "whole");
        };
    var seen = new ConcurrentLinkedQueue<String>();
    for (int i = 0; i < 4; i++) {
      others.add(new Thread(() -> seen.add(content(Cache.entry(root, "k", "e", maker)))));
    }
    Thread first = new Thread(() -> seen.add(content(Cache.entry(root, "k", "e", maker))));
    first.start();
    await().atMost(LIMIT).until(() -> made.get() == 1);
    others.forEach(Thread::start);
    for (Thread thread : others) {
      thread.join(LIMIT);
    }
    first.join(LIMIT);
    // then it was made once, and all saw the whole of it
    assertEquals(1, made.get());
    assertEquals(List.of("whole", "whole", "whole", "whole", "whole"), List.copyOf(seen));
  }

  private static boolean waits(Thread thread) {
    return thread.getState() == Thread.State.WAITING;
  }

  private static String content(Path entry) {
    try {
      return Files.readString(entry.resolve("content"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Cache.Maker one(AtomicInteger made) {
    return directory ->
        Files.writeString(directory.resolve("content"), Integer.toString(made.incrementAndGet()));
  }

  @Test
  void aFailureLeavesNoEntryAndTheNextTryMakesIt() throws IOException {
    // given a maker that fails half way
    assertThrows(
        UncheckedIOException.class,
        () ->
            Cache.entry(
                root,
                "k",
                "e",
                directory -> {
                  Files.writeString(directory.resolve("content"), "half");
                  throw new IOException("full");
                }));
    // then there is no entry and no rest of it
    assertEquals(List.of("e.lock"), names(root.resolve("k")));
    // and the next one starts afresh
    Path entry = Cache.entry(root, "k", "e", one(new AtomicInteger()));
    assertEquals("1", Files.readString(entry.resolve("content")));
  }

  @Test
  void whatAKilledProcessLeftIsClearedAway() throws IOException {
    // given the rest of a process that was killed while making the entry
    Path rest = Files.createDirectories(root.resolve("k/e.tmp123/deep"));
    // when the entry is made, then the rest is gone
    assertTrue(Files.isDirectory(Cache.entry(root, "k", "e", directory -> {})));
    assertFalse(Files.exists(rest));
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }
}
