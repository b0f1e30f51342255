package dev.stillpoint.backends.host;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Copies of files that share their blocks with the original: FICLONE, by {@code cp}. */
public final class FileClone {
  private static final String TEMPORARY = ".sp-revert";
  private static final String REVERT = "revert";

  /** A flag of {@code lsattr}, which has them before the first blank. */
  private static final char NO_COPY_ON_WRITE = 'C';

  private final Programs programs;

  /** One that runs these programs. */
  public FileClone(Programs programs) {
    this.programs = programs;
  }

  /**
   * Puts the content of one file into another that is there and empty.
   *
   * @throws IOException when the two cannot share blocks, or there is no room
   */
  public void fill(Path target, Path source, Deadline deadline) throws IOException {
    run(List.of("cp", "--reflink=always", "--", source.toString(), target.toString()), deadline);
  }

  /**
   * Makes a new, empty file alike to another in what FICLONE wants of two files: on btrfs either
   * both are copied on write, or none.
   */
  public void alike(Path empty, Path model, Mount mount, Deadline deadline) throws IOException {
    if (mount.type().equals("btrfs") && isWithoutCopyOnWrite(model, deadline)) {
      run(List.of("chattr", "+C", "--", empty.toString()), deadline);
    }
  }

  private boolean isWithoutCopyOnWrite(Path path, Deadline deadline) throws IOException {
    String flags = programs.require(List.of("lsattr", "-d", "--", path.toString()), deadline);
    return flags.lastIndexOf(NO_COPY_ON_WRITE, Math.max(0, flags.indexOf(' '))) >= 0;
  }

  /**
   * Brings an image back to the content of another file of the same file system. Nobody sees a half
   * of it: the image's name, owner and mode stay, and the file behind the name is another.
   *
   * @throws SnapshotException with {@link ErrorCode#DISK_IN_USE} where anybody of this host has the
   *     image open, or that cannot be told
   */
  public void replace(ImageFile image, Path content, Deadline deadline) throws IOException {
    // Before we have it open ourselves; whoever takes no lock of QEMU's is seen by this alone.
    Optional<String> user = DiskUsers.of(image.path());
    if (user.isPresent()) {
      throw image.disk().refusal(ErrorCode.DISK_IN_USE, image.path() + " is in use: " + user.get());
    }
    Optional<ImageLock> taken;
    try {
      taken = ImageLock.take(image.path());
    } catch (IOException e) {
      throw image
          .disk()
          .refusal(
              ErrorCode.DISK_IN_USE, "whether " + image.path() + " is in use cannot be told: " + e);
    }
    ImageLock lock =
        taken.orElseThrow(() ->
            image
                .disk()
                .refusal(
                    ErrorCode.DISK_IN_USE,
                    image.path() + " is in use by QEMU or one of its tools"));
    try {
      replaceHeld(image, content, deadline);
    } finally {
      lock.close();
    }
  }

  private void replaceHeld(ImageFile image, Path content, Deadline deadline) throws IOException {
    Path temporary = image.directory().resolve("." + image.name() + TEMPORARY);
    if (FileMark.OPERATION.isOn(temporary, REVERT)) {
      // Of a revert that was killed: two at a time cannot hold the image.
      Files.delete(temporary);
    }
    make(temporary);
    try {
      FileMark.OPERATION.put(temporary, REVERT);
      alike(temporary, content, image.mount(), deadline);
      fill(temporary, content, deadline);
      run(
          List.of(
              "cp",
              "--attributes-only",
              "--preserve=mode,ownership,xattr",
              "--",
              image.path().toString(),
              temporary.toString()),
          deadline);
      try (FileChannel made = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        made.force(true);
      }
      Files.move(temporary, image.path(), StandardCopyOption.ATOMIC_MOVE);
      FileMark.OPERATION.remove(image.path());
      try (FileChannel directory = FileChannel.open(image.directory(), StandardOpenOption.READ)) {
        directory.force(true);
      }
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
  }

  private static void make(Path temporary) throws IOException {
    try {
      Files.newByteChannel(
              temporary, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))
          .close();
    } catch (FileAlreadyExistsException e) {
      throw new IOException(temporary + " is in the way; nobody knows what it is", e);
    }
  }

  private void run(List<String> command, Deadline deadline) throws IOException {
    Programs.succeeded(command, programs.run(command, deadline));
  }

  /** Whether nothing at all is at this path, not even a dangling link. */
  public static boolean isFree(Path path) {
    return !Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }
}
