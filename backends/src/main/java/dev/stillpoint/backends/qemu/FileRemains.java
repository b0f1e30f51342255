package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.address.ToldName;
import dev.stillpoint.backends.host.ImageLock;
import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.backends.qemu.overlay.OverlayFile;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Inventory.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * The files that an operation has left. A file is the operation's while device and inode are those
 * that were written down, and it is no younger than that: a file system gives the number of a file
 * that was removed to the next one. One that was planned, and whose numbers nobody had the time to
 * write down, is so only if it is a regular file, is empty, and was made after the plan was.
 */
public final class FileRemains {
  /** The kernel stamps files by a clock that is behind by up to its tick. */
  private static final Duration CLOCK_GRAIN = Duration.ofMillis(20);

  private final List<Inventory> disks;
  private final Instant planned;
  private final Instant numbered;

  /** Whose a file is that has a name of the operation's. */
  private enum Claim {
    OURS,
    /** It has our inode on a file system that has another number now. */
    DOUBTFUL,
    FOREIGN,
    GONE
  }

  /**
   * The files of these disks.
   *
   * @param planned when they were written down for the first time
   * @param numbered when their numbers were
   */
  public FileRemains(List<Inventory> disks, Instant planned, Instant numbered) {
    this.disks = List.copyOf(disks);
    this.planned = planned;
    this.numbered = numbered;
  }

  /**
   * Those that are there and are the operation's.
   *
   * @throws UncheckedIOException when it cannot be told
   */
  public List<Path> present() {
    return claimed(Claim.OURS);
  }

  /** The same of one disk. */
  public List<Path> present(Inventory disk) {
    return claimed(disk, Claim.OURS);
  }

  /** Those names of the operation's that somebody else's file has now; they are left alone. */
  public List<Path> foreign() {
    return claimed(Claim.FOREIGN);
  }

  /** Those that may be the operation's, which nothing shows; they are left alone, too. */
  public List<Path> doubtful() {
    return claimed(Claim.DOUBTFUL);
  }

  private List<Path> claimed(Claim claim) {
    return disks.stream().flatMap(disk -> claimed(disk, claim).stream()).toList();
  }

  private List<Path> claimed(Inventory disk, Claim claim) {
    return disk.belongings().stream()
        .filter(one -> one.kind() == Kind.FILE)
        .filter(file -> claim(disk, file) == claim)
        .map(file -> Path.of(file.name()))
        .toList();
  }

  /**
   * Removes those that are the operation's and that nobody uses.
   *
   * @param used whether the machine has it open
   * @param removed hears of each that is gone
   * @return those that could not be removed, and why
   */
  public List<String> remove(Predicate<Path> used, List<String> removed) {
    List<String> left = new ArrayList<>();
    for (Inventory disk : disks) {
      for (Belonging file : disk.belongings()) {
        if (file.kind() == Kind.FILE && claim(disk, file) == Claim.OURS) {
          remove(disk, file, used, removed, left);
        }
      }
    }
    return left;
  }

  private void remove(
      Inventory disk,
      Belonging file,
      Predicate<Path> used,
      List<String> removed,
      List<String> left) {
    Path path = Path.of(file.name());
    try {
      if (used.test(path)) {
        left.add("file " + path + " (the machine has it open)");
      } else if (ImageLock.isHeld(path)) {
        left.add("file " + path + " (a process that is not this machine has it open)");
      } else if (delete(disk, file, path)) {
        removed.add("removed the file " + path);
      } else {
        left.add("file " + path + " (somebody has put another one in its place)");
      }
    } catch (IOException e) {
      left.add("file " + path + " (" + e + ")");
    }
  }

  /** In the very directory in which it was looked at last, so that no link leads elsewhere. */
  private boolean delete(Inventory disk, Belonging file, Path path) throws IOException {
    Path name = Objects.requireNonNull(path.getFileName(), "an image has a name");
    try (DirectoryStream<Path> directory = Files.newDirectoryStream(path.resolveSibling("."))) {
      if (!(directory instanceof SecureDirectoryStream<Path> held)) {
        return false;
      }
      Object key = attributes(path).fileKey();
      boolean ours = claim(disk, file) == Claim.OURS;
      Object there =
          held.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
              .readAttributes()
              .fileKey();
      if (ours && key.equals(there)) {
        held.deleteFile(name);
        return true;
      }
      return false;
    }
  }

  private Claim claim(Inventory disk, Belonging file) {
    Path path = Path.of(file.name());
    if (!path.isAbsolute()) {
      return Claim.FOREIGN;
    }
    try {
      BasicFileAttributes found = attributes(path);
      if (!found.isRegularFile()) {
        return Claim.FOREIGN;
      }
      return file.file().isPresent()
          ? numbered(disk, path, file.file().get(), found)
          : isMadeAfterThePlan(found) ? Claim.OURS : Claim.FOREIGN;
    } catch (NoSuchFileException gone) {
      return Claim.GONE;
    } catch (IOException e) {
      throw new UncheckedIOException(path + " cannot be looked at: " + e, e);
    }
  }

  private Claim numbered(Inventory disk, Path path, FileNumber written, BasicFileAttributes found)
      throws IOException {
    if (OverlayFile.number(path, "unix:ino") != written.inode()) {
      return Claim.FOREIGN;
    }
    if (OverlayFile.number(path, "unix:dev") != written.device()) {
      return Claim.DOUBTFUL;
    }
    return isYounger(found) && !isOurOverlay(disk, path, found) ? Claim.FOREIGN : Claim.OURS;
  }

  private boolean isYounger(BasicFileAttributes found) {
    return !numbered.equals(Instant.MAX)
        && found.creationTime().toInstant().isAfter(numbered.plus(CLOCK_GRAIN));
  }

  /** Where a file system keeps no birth, Java says the last change; then the image has to tell. */
  private static boolean isOurOverlay(Inventory disk, Path path, BasicFileAttributes found) {
    boolean birthUnknown = found.creationTime().equals(found.lastModifiedTime());
    try {
      return birthUnknown
          && Qcow2Header.read(path)
              .backingFile()
              .filter(below -> ToldName.isSame(below, disk.source()))
              .isPresent();
    } catch (IOException noImage) {
      return false;
    }
  }

  private boolean isMadeAfterThePlan(BasicFileAttributes found) {
    return found.size() == 0
        && !found.creationTime().toInstant().isBefore(planned.minus(CLOCK_GRAIN));
  }

  private static BasicFileAttributes attributes(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }
}
