package dev.stillpoint.backends.qemu.chain;

import dev.stillpoint.backends.qemu.chain.ImageChain.Link;
import dev.stillpoint.backends.qemu.overlay.OverlayFile;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One overlay of ours that is to go down into the image below it, so that nothing reads it any
 * more.
 *
 * @param place how many images stand above the overlay
 * @param file the overlay's own file, as it was found
 * @param before how far somebody else has come with it before
 */
record MergeOfOverlay(
    LocatedDisk disk, ImageChain chain, int place, OverlayFile file, MergeMark before) {

  static MergeOfOverlay of(LocatedDisk disk, ImageChain chain, int place) throws IOException {
    Path file = Path.of(chain.links().get(place).image());
    return new MergeOfOverlay(disk, chain, place, OverlayFile.at(file), MergeMark.of(file));
  }

  Link overlay() {
    return chain.links().get(place);
  }

  Path path() {
    return file.path();
  }

  OverlayMark mark() {
    return overlay().mark().orElseThrow();
  }

  /** The image that gets what the overlay holds. */
  Link below() {
    return chain.links().get(place + 1);
  }

  /** What reads the overlay; empty where that is the machine itself. */
  Optional<Link> above() {
    return place == 0 ? Optional.empty() : Optional.of(chain.links().get(place - 1));
  }

  /** Removes the overlay's file, which nothing reads any more. */
  void removeFile() throws IOException {
    if (!file.delete()) {
      throw refusal(
          ErrorCode.CLEANUP_FAILED,
          path() + " is merged, and no longer the file that it was; it is left alone");
    }
  }

  /** Refuses what would be spoiled by the merge, whoever has the images open. Changes nothing. */
  void require() throws IOException {
    if (!Files.isWritable(path().resolveSibling("."))) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          "the directory of " + path() + " cannot be written to, and the file not removed");
    }
    if (below().format().equals(ImageChain.UNKNOWN)) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE, path() + " does not say of which format the image below is");
    }
    OverlaySnapshots.requireNoneInside(disk, path());
    if (below().path().isPresent()) {
      requireAlone(below().path().get(), path());
    }
    requireAlone(path(), above().flatMap(Link::path).orElse(path()));
  }

  /** Of the two images one changes and the other goes: what lies on either would be spoiled. */
  private void requireAlone(Path image, Path known) throws IOException {
    Optional<Path> other = OtherOverlays.on(image, known);
    if (other.isPresent()) {
      throw refusal(ErrorCode.DISK_IN_USE, other.get() + " lies on " + image + " as well");
    }
  }

  SnapshotException refusal(ErrorCode code, String message) {
    return disk.refusal(code, message);
  }
}
