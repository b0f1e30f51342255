package dev.stillpoint.backends.host;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Puts another file in the place of an image that nobody uses. Nobody sees a half of it: the
 * image's name, owner, mode and attributes stay, and the file behind the name is another.
 */
public final class ImageReplacement {
  private static final String TEMPORARY = ".sp-revert";

  /** On a file that is on its way; on none that has come to its place. */
  private static final FileMark REVERT = new FileMark("stillpoint.revert");

  private static final String BEGUN = "begun";

  private final Programs programs;

  /** What the new file holds. */
  @FunctionalInterface
  public interface Content {
    /** Puts it into a file that is there and empty. */
    void fill(Path empty) throws IOException;
  }

  /** One that runs these programs. */
  public ImageReplacement(Programs programs) {
    this.programs = programs;
  }

  /**
   * Does it.
   *
   * @throws SnapshotException with {@link ErrorCode#DISK_IN_USE} where anybody of this host has the
   *     image open, or that cannot be told
   */
  public void replace(ImageFile image, Content content, Deadline deadline) throws IOException {
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

  private void replaceHeld(ImageFile image, Content content, Deadline deadline) throws IOException {
    Path temporary = image.directory().resolve("." + image.name() + TEMPORARY);
    if (REVERT.isOn(temporary, BEGUN)) {
      // Of a revert that was killed: two at a time cannot hold the image.
      Files.delete(temporary);
    }
    make(temporary);
    try {
      REVERT.put(temporary, BEGUN);
      List<String> alike =
          List.of(
              "cp",
              "--attributes-only",
              "--preserve=mode,ownership,xattr",
              "--",
              image.path().toString(),
              temporary.toString());
      Programs.succeeded(alike, programs.run(alike, deadline));
      content.fill(temporary);
      try (FileChannel made = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        made.force(true);
      }
      Files.move(temporary, image.path(), StandardCopyOption.ATOMIC_MOVE);
      REVERT.remove(image.path());
      try (FileChannel directory = FileChannel.open(image.directory(), StandardOpenOption.READ)) {
        directory.force(true);
      }
    } catch (IOException | RuntimeException e) {
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
}
