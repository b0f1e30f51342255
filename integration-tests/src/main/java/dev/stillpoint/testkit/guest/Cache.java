package dev.stillpoint.testkit.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What is dear to make and stays the same: directories named by a key of what went into them. They
 * live outside the checkout and outside {@code target}, so a clean build keeps them.
 *
 * <p>An entry is made under a temporary name and renamed, under a lock that other processes honour:
 * whoever sees the entry sees all of it. The whole cache may be deleted while nobody uses it.
 */
final class Cache {
  /** As many characters of a SHA-256 as keep names readable and still unique. */
  private static final int KEY_LENGTH = 20;

  private static final Map<Path, ReentrantLock> LOCKS = new ConcurrentHashMap<>();

  private Cache() {}

  /**
   * {@code STILLPOINT_CACHE}, else {@code XDG_CACHE_HOME/stillpoint}, else {@code ~/.cache/...}.
   */
  static Path root() {
    return root(System.getenv(), Path.of(System.getProperty("user.home")));
  }

  static Path root(Map<String, String> environment, Path home) {
    String own = environment.getOrDefault("STILLPOINT_CACHE", "");
    if (!own.isEmpty()) {
      return Path.of(own).toAbsolutePath();
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path base = xdg.isEmpty() ? home.resolve(".cache") : Path.of(xdg);
    return base.resolve("stillpoint").toAbsolutePath();
  }

  /** A short name for the contents: equal parts, equal key. */
  static String key(List<String> parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        digest.update(part.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
      return HexFormat.of().formatHex(digest.digest()).substring(0, KEY_LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The entry's directory, made by {@code maker} if it is not there yet. */
  static Path entry(String kind, String key, Maker maker) {
    return entry(root(), kind, key, maker);
  }

  static Path entry(Path root, String kind, String key, Maker maker) {
    Path shelf = root.resolve(kind);
    Path entry = shelf.resolve(key);
    if (Files.isDirectory(entry)) {
      return entry;
    }
    // A file lock belongs to the whole process, so threads need a lock of their own before it.
    ReentrantLock threads = LOCKS.computeIfAbsent(entry, ignored -> new ReentrantLock());
    threads.lock();
    try {
      Files.createDirectories(shelf);
      try (FileChannel channel = openLock(shelf.resolve(key + ".lock"));
          FileLock held = channel.lock()) {
        if (!held.isValid()) {
          throw new IOException("the lock of " + entry + " was lost");
        }
        if (!Files.isDirectory(entry)) {
          make(shelf, key, maker);
        }
        return entry;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      threads.unlock();
    }
  }

  private static FileChannel openLock(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static void make(Path shelf, String key, Maker maker) throws IOException {
    String prefix = key + ".tmp";
    // We hold the lock, so whatever carries our temporary name was left by a process that died.
    try (var old = Files.newDirectoryStream(shelf, prefix + "*")) {
      for (Path directory : old) {
        FileTrees.delete(directory);
      }
    }
    Path temporary = Files.createTempDirectory(shelf, prefix);
    try {
      maker.make(temporary);
      Files.move(temporary, shelf.resolve(key), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      FileTrees.delete(temporary);
    }
  }

  /** Fills a fresh, empty directory. */
  @FunctionalInterface
  interface Maker {
    void make(Path directory) throws IOException;
  }
}
