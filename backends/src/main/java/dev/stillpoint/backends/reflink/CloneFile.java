package dev.stillpoint.backends.reflink;

import dev.stillpoint.backends.host.FileClone;
import dev.stillpoint.backends.host.FileMark;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The file that a snapshot becomes: reserved and filled under a name of its own, {@link #begun},
 * and linked to the snapshot's name when it is whole. A link fails where the name is taken, so that
 * nothing is ever overwritten and no half of a snapshot bears its name.
 */
record CloneFile(Path path) {
  /** How the name of one ends that is not whole yet. */
  static final String BEGUN = ".sp-begun";

  private static final Set<PosixFilePermission> WRITE =
      EnumSet.of(
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_WRITE);

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  /** Where it is made. */
  Path begun() {
    return path.resolveSibling("." + path.getFileName() + BEGUN);
  }

  /** Makes it, empty, with O_EXCL; readable by whoever may read the image. */
  void reserve(Path image, String operationId, String name) throws IOException {
    try {
      Files.newByteChannel(
              begun(),
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(OWNER_ONLY))
          .close();
    } catch (FileAlreadyExistsException e) {
      throw new SnapshotException(
          Failure.of(ErrorCode.SNAPSHOT_EXISTS, begun() + " exists: another makes " + path), e);
    }
    FileMark.OPERATION.put(begun(), operationId);
    FileMark.SNAPSHOT.put(begun(), name);
    FileMark.IMAGE.put(begun(), image.toString());
    own(image);
  }

  private void own(Path image) throws IOException {
    Map<String, Object> model = Files.readAttributes(image, "unix:uid,gid");
    try {
      Files.setAttribute(begun(), "unix:gid", required(model, "gid"));
      Files.setAttribute(begun(), "unix:uid", required(model, "uid"));
    } catch (IOException e) {
      // Not root: the mode of another's file would open ours to others than it opens the image.
      return;
    }
    Set<PosixFilePermission> mode = EnumSet.copyOf(OWNER_ONLY);
    mode.addAll(Files.getPosixFilePermissions(image));
    Files.setPosixFilePermissions(begun(), mode);
  }

  private static Object required(Map<String, Object> model, String key) throws IOException {
    Object value = model.get(key);
    if (value == null) {
      throw new IOException("this system does not tell " + key);
    }
    return value;
  }

  /** Makes it empty again. */
  void empty() throws IOException {
    FileChannel.open(
            begun(), Set.of(StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING))
        .close();
  }

  /** Lets nobody write to it, and gives it its name. */
  void publish() throws IOException {
    Set<PosixFilePermission> mode = EnumSet.copyOf(Files.getPosixFilePermissions(begun()));
    mode.removeAll(WRITE);
    Files.setPosixFilePermissions(begun(), mode);
    Files.createLink(path, begun());
    Files.delete(begun());
  }

  /** Whether it is there, whole, and a snapshot of this image. */
  boolean isThere(Path image) throws IOException {
    return isOf(path, image);
  }

  boolean isBegunBy(String operationId) throws IOException {
    return FileMark.OPERATION.isOn(begun(), operationId);
  }

  boolean isMadeBy(String operationId) throws IOException {
    return FileMark.OPERATION.isOn(path, operationId);
  }

  private static boolean isOf(Path file, Path image) throws IOException {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && FileMark.IMAGE.isOn(file, image.toString());
  }

  /** Removes what is there of it, and nothing that is not a snapshot of this image. */
  void delete(Path image) throws IOException {
    boolean there = isThere(image);
    // Another operation may have begun it anew, where the one of this name is whole.
    if (isOf(begun(), image) && (!there || Files.isSameFile(begun(), path))) {
      Files.delete(begun());
    }
    if (there) {
      Files.delete(path);
    }
  }

  boolean isFree() {
    return FileClone.isFree(path) && FileClone.isFree(begun());
  }
}
