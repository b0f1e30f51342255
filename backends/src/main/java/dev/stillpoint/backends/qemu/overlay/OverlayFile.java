package dev.stillpoint.backends.qemu.overlay;

import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.image.EmptyQcow2;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that we reserved for an overlay. Device and inode tell it from any file that has taken its
 * place since, so that only what is ours is ever removed.
 */
public record OverlayFile(Path path, long device, long inode) {
  private static final Logger log = LoggerFactory.getLogger(OverlayFile.class);

  /**
   * Makes the file, empty, with O_CREAT and O_EXCL, because QEMU overwrites existing files without
   * a word; with the owner and mode of the base, so that QEMU may open it. A base that is no file
   * of this host has none. It bears its mark, where the file system keeps such.
   */
  public static OverlayFile reserve(Path path, Path base, OverlayMark mark, String disk) {
    try {
      Files.newByteChannel(path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))
          .close();
      OverlayFile file = at(path);
      file.put(mark);
      if (base.isAbsolute()) {
        file.ownLike(base);
      }
      return file;
    } catch (FileAlreadyExistsException e) {
      throw BlockGraph.refusal(ErrorCode.OVERLAY_UNUSABLE, path + " exists already", disk);
    } catch (IOException e) {
      throw BlockGraph.refusal(
          ErrorCode.OVERLAY_UNUSABLE, "cannot make " + path + ": " + reason(e), disk);
    }
  }

  /** The one that is there now. */
  public static OverlayFile at(Path path) throws IOException {
    return new OverlayFile(path, number(path, "unix:dev"), number(path, "unix:ino"));
  }

  /** Who makes it was told before where no mark is kept. */
  private void put(OverlayMark mark) {
    try {
      mark.put(path);
    } catch (IOException e) {
      log.debug("{} bears no mark", path, e);
    }
  }

  /** Writes it, while it is still the empty file that was made. */
  public void fill(EmptyQcow2 content) throws IOException {
    requireThere();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      requireThere();
      content.write(channel);
    }
  }

  public FileNumber number() {
    return new FileNumber(device, inode);
  }

  private void ownLike(Path base) throws IOException {
    try {
      PosixFileAttributes model = Files.readAttributes(base, PosixFileAttributes.class);
      Set<PosixFilePermission> mode = model.permissions();
      Files.setPosixFilePermissions(path, mode);
      for (String attribute : List.of("unix:uid", "unix:gid")) {
        if (number(path, attribute) != number(base, attribute)) {
          Files.setAttribute(path, attribute, Files.getAttribute(base, attribute));
        }
      }
    } catch (IOException e) {
      delete();
      throw e;
    }
  }

  /** Removes the file while it is still the one that was made; true when nothing is left. */
  public boolean delete() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return true;
    }
    boolean ours = isThere();
    if (ours) {
      Files.delete(path);
    }
    return ours;
  }

  /** Whether the file at the path is the one that was made; throws when there is none. */
  boolean isThere() throws IOException {
    return number(path, "unix:dev") == device && number(path, "unix:ino") == inode;
  }

  /** Throws when there is none, or another than the one that was made. */
  void requireThere() throws IOException {
    if (!isThere()) {
      throw new IOException("somebody has put another file in its place");
    }
  }

  public static long number(Path path, String attribute) throws IOException {
    Object value = Files.getAttribute(path, attribute, LinkOption.NOFOLLOW_LINKS);
    return value == null ? -1 : ((Number) value).longValue();
  }

  private static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException missing -> missing.getFile() + " does not exist";
      case java.nio.file.AccessDeniedException denied -> "permission denied";
      case java.nio.file.FileSystemException fs when fs.getReason() != null -> fs.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
