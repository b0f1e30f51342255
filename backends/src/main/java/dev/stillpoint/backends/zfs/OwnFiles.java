package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;

/** The files of this host. */
final class OwnFiles implements ZfsFiles {
  private final Programs programs;

  OwnFiles(Programs programs) {
    this.programs = programs;
  }

  @Override
  public Optional<Located> locate(Path file, Deadline deadline) throws IOException {
    Path path = file.toRealPath();
    if (!Files.isRegularFile(path)) {
      throw new IOException(path + " is no image, but something else than a file");
    }
    return Mounts.own().of(path).map(mount -> new Located(path, mount));
  }

  @Override
  public boolean isDirectory(Path path, Deadline deadline) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public Optional<String> user(Path path, Deadline deadline) {
    return DiskUsers.of(path);
  }

  @Override
  public boolean isAlone(Path mountPoint, Path file, Deadline deadline) throws IOException {
    Path control = mountPoint.resolve(ZfsPlace.CONTROL);
    if (Mounts.own().anyBelow(mountPoint, control)) {
      return false;
    }
    var others = new boolean[1];
    Files.walkFileTree(
        mountPoint,
        new SimpleFileVisitor<Path>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            return directory.equals(control)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path found, BasicFileAttributes attributes) {
            if (found.equals(file)) {
              return FileVisitResult.CONTINUE;
            }
            others[0] = true;
            return FileVisitResult.TERMINATE;
          }
        });
    return !others[0];
  }

  @Override
  public void replace(Path file, Path by, Check before, Deadline deadline) throws IOException {
    removeLeft(file);
    Path copy = ZfsFiles.nextCopyOf(file);
    try {
      Files.createFile(copy);
      programs.require(
          List.of("cp", "--archive", "--sparse=always", "--", by.toString(), copy.toString()),
          deadline);
      try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      before.run();
      Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  private static void removeLeft(Path file) throws IOException {
    String begin = ZfsFiles.copiesOf(file);
    try (DirectoryStream<Path> copies =
        Files.newDirectoryStream(file.resolveSibling("."), begin + "*")) {
      for (Path copy : copies) {
        if (Files.isRegularFile(copy, LinkOption.NOFOLLOW_LINKS) && DiskUsers.of(copy).isEmpty()) {
          Files.delete(copy);
        }
      }
    }
  }
}
