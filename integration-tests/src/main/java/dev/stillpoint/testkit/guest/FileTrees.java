package dev.stillpoint.testkit.guest;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Whole directories at once. */
final class FileTrees {
  private FileTrees() {}

  /** How often a directory may get a new file while it is deleted: somebody still writes there. */
  private static final int PASSES = 10;

  /** Deletes the tree; what is gone already is fine. Symbolic links are not followed. */
  static void delete(Path root) throws IOException {
    for (int pass = 1; Files.exists(root, LinkOption.NOFOLLOW_LINKS); pass++) {
      try {
        Files.walkFileTree(root, new Deletion());
      } catch (DirectoryNotEmptyException refilled) {
        if (pass == PASSES) {
          throw refilled;
        }
      }
    }
  }

  private static final class Deletion extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
      if (failure instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw failure;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      Files.deleteIfExists(directory);
      return FileVisitResult.CONTINUE;
    }
  }
}
