package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.FileMark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What is written on an overlay of ours, as extended attributes of the file: a qcow2 itself keeps
 * no word of who made it. They are others than those of a clone, which may be a clone of an overlay
 * and is none.
 *
 * @param operationId the operation that made it
 * @param snapshot the name of the snapshot, which is the image below
 * @param image the name of the file at the bottom, from which overlays get theirs
 */
record OverlayMark(String operationId, String snapshot, String image) {
  private static final FileMark OPERATION = new FileMark("stillpoint.overlay.operation");
  private static final FileMark SNAPSHOT = new FileMark("stillpoint.overlay.snapshot");
  private static final FileMark IMAGE = new FileMark("stillpoint.overlay.image");

  /** How far the merge of an overlay into the image below has come. */
  private static final FileMark MERGE = new FileMark("stillpoint.overlay.merge");

  private static final String BEGUN = "begun";
  private static final String DONE = "done ";

  /** Whether the file system of a directory keeps such words. */
  static boolean canBeKept(Path directory) {
    try {
      return Files.getFileStore(directory)
          .supportsFileAttributeView(UserDefinedFileAttributeView.class);
    } catch (IOException e) {
      return false;
    }
  }

  /** Reads it; empty where there is none, or it cannot be read. */
  static Optional<OverlayMark> read(Path overlay) {
    try {
      Optional<String> operation = OPERATION.read(overlay);
      Optional<String> snapshot = SNAPSHOT.read(overlay);
      Optional<String> image = IMAGE.read(overlay);
      return operation.isPresent() && snapshot.isPresent() && image.isPresent()
          ? Optional.of(new OverlayMark(operation.get(), snapshot.get(), image.get()))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Writes it.
   *
   * @throws IOException where the file system keeps no such attributes
   */
  void put(Path overlay) throws IOException {
    OPERATION.put(overlay, operationId);
    SNAPSHOT.put(overlay, snapshot);
    IMAGE.put(overlay, image);
  }

  /** From here on the image below may hold more than the point in time. */
  static void mergeBegins(Path overlay) throws IOException {
    MERGE.put(overlay, BEGUN);
  }

  /** The merge was refused before anything was written below. */
  static void mergeIsOff(Path overlay) throws IOException {
    MERGE.remove(overlay);
  }

  /** The image below has all that the overlay has, for as long as nobody writes to the overlay. */
  static void mergeIsDone(Path overlay) throws IOException {
    MERGE.put(overlay, DONE + stamp(overlay));
  }

  static boolean isMergeBegun(Path overlay) {
    return mergeOf(overlay).isPresent();
  }

  /** Whether the overlay holds nothing that the image below has not: it was not written since. */
  static boolean isMergeDone(Path overlay) {
    try {
      return mergeOf(overlay).filter((DONE + stamp(overlay))::equals).isPresent();
    } catch (IOException e) {
      return false;
    }
  }

  private static Optional<String> mergeOf(Path overlay) {
    try {
      return MERGE.read(overlay);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String stamp(Path overlay) throws IOException {
    BasicFileAttributes now =
        Files.readAttributes(overlay, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return now.lastModifiedTime().to(TimeUnit.NANOSECONDS) + ":" + now.size();
  }
}
