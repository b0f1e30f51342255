package dev.stillpoint.backends.qemu.overlay;

import dev.stillpoint.backends.host.FileMark;
import dev.stillpoint.backends.host.HeldImages;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What is written on an overlay of ours, as extended attributes of the file: a qcow2 itself keeps
 * no word of who made it. They are others than those of a clone, which may be a clone of an overlay
 * and is none. A copy of the file may bear them too, and names the original's base: so the file's
 * own path and inode are among them, and where they are not right there is no mark.
 *
 * @param operationId the operation that made it
 * @param snapshot the name of the snapshot, which is the image below
 * @param image the name of the file at the bottom, from which overlays get theirs
 */
public record OverlayMark(String operationId, String snapshot, String image) {
  /** The method whose snapshots bear it. */
  public static final String METHOD = "qemu";

  private static final FileMark OPERATION = new FileMark("stillpoint.overlay.operation");
  private static final FileMark SNAPSHOT = new FileMark("stillpoint.overlay.snapshot");
  private static final FileMark IMAGE = new FileMark("stillpoint.overlay.image");
  private static final FileMark SELF = new FileMark("stillpoint.overlay.file");

  private static final Pattern OPERATION_ID = Pattern.compile("[0-9a-f]{8}");

  /** Whoever may write to the file may write marks: no word of theirs leads elsewhere. */
  private static final Pattern FILE_NAME = Pattern.compile("[^/\0]+");

  /** Whether the file system of a directory keeps such words. */
  public static boolean canBeKept(Path directory) {
    try {
      return Files.getFileStore(directory)
          .supportsFileAttributeView(UserDefinedFileAttributeView.class);
    } catch (IOException e) {
      return false;
    }
  }

  /** Reads it; empty where there is none that is right, or it cannot be read. */
  public static Optional<OverlayMark> read(Path overlay) {
    try {
      Optional<String> operation =
          OPERATION.read(overlay).filter(word -> OPERATION_ID.matcher(word).matches());
      Optional<String> snapshot = SNAPSHOT.read(overlay);
      Optional<String> image =
          IMAGE.read(overlay).filter(word -> FILE_NAME.matcher(word).matches());
      boolean whole = operation.isPresent() && snapshot.isPresent() && image.isPresent();
      return whole && SELF.isOn(overlay, self(overlay))
          ? Optional.of(new OverlayMark(operation.get(), snapshot.get(), image.get()))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Writes it on a file that is at its place. */
  public void put(Path overlay) throws IOException {
    put(overlay, overlay);
  }

  /**
   * Writes it.
   *
   * @param place where the file is going to be
   * @throws IOException where the file system keeps no such attributes
   */
  public void put(Path file, Path place) throws IOException {
    OPERATION.put(file, operationId);
    SNAPSHOT.put(file, snapshot);
    IMAGE.put(file, image);
    SELF.put(file, self(OverlayFile.at(file).inode(), place));
  }

  private static String self(Path overlay) throws IOException {
    return self(OverlayFile.at(overlay).inode(), overlay);
  }

  private static String self(long inode, Path place) throws IOException {
    Path directory = place.resolveSibling(".").toRealPath();
    return inode + " " + directory.resolve(String.valueOf(place.getFileName()));
  }

  /** Makes sure that the words outlive the host: nothing is overwritten below before they do. */
  @SuppressWarnings("try") // it is there for its end
  public static void sync(Path overlay) throws IOException {
    try (HeldImages.Opening opening = HeldImages.opening(overlay);
        FileChannel file = FileChannel.open(overlay, StandardOpenOption.READ)) {
      file.force(true);
    }
  }
}
