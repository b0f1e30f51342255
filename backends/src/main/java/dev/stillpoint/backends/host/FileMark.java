package dev.stillpoint.backends.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Optional;

/**
 * A word that is written on a file or directory of ours, as an extended attribute: it moves with
 * the file, and no other in its place has it. To read one is to open the file.
 *
 * @param attribute its name, without the {@code user.} before it
 */
public record FileMark(String attribute) {
  /** The operation that made it. */
  public static final FileMark OPERATION = new FileMark("stillpoint.operation");

  /** The snapshot's name, as it was given. */
  public static final FileMark SNAPSHOT = new FileMark("stillpoint.snapshot");

  /** The name of the image that it is a snapshot of. */
  public static final FileMark IMAGE = new FileMark("stillpoint.image");

  /**
   * Writes it.
   *
   * @throws IOException where the file system keeps no such attributes
   */
  @SuppressWarnings("try") // it is there for its end
  public void put(Path path, String word) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(word.getBytes(StandardCharsets.UTF_8));
    try (HeldImages.Opening opening = HeldImages.opening(path)) {
      view(path).write(attribute, bytes);
    }
  }

  /** Takes it away again. */
  @SuppressWarnings("try") // it is there for its end
  public void remove(Path path) throws IOException {
    try (HeldImages.Opening opening = HeldImages.opening(path)) {
      view(path).delete(attribute);
    }
  }

  /** Reads it; empty where there is none, and for a symbolic link. */
  @SuppressWarnings("try") // it is there for its end
  public Optional<String> read(Path path) throws IOException {
    if (Files.isSymbolicLink(path)) {
      return Optional.empty();
    }
    try (HeldImages.Opening opening = HeldImages.opening(path)) {
      UserDefinedFileAttributeView view = view(path);
      if (!view.list().contains(attribute)) {
        return Optional.empty();
      }
      ByteBuffer word = ByteBuffer.allocate(view.size(attribute));
      view.read(attribute, word);
      word.flip();
      return Optional.of(StandardCharsets.UTF_8.decode(word).toString());
    }
  }

  /** Whether it is this word. */
  public boolean isOn(Path path, String word) throws IOException {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        && read(path).filter(word::equals).isPresent();
  }

  private static UserDefinedFileAttributeView view(Path path) throws IOException {
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
    if (view == null) {
      throw new FileSystemException(path.toString(), null, "no attributes of ours are kept here");
    }
    return view;
  }
}
