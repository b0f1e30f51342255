package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.qemu.ImageChain.Link;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.LocatedDisk;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One overlay of ours that is to go down into the image below it, so that nothing reads it any
 * more.
 *
 * @param place how many images stand above the overlay
 */
record MergeOfOverlay(LocatedDisk disk, ImageChain chain, int place) {

  Link overlay() {
    return chain.links().get(place);
  }

  Path file() {
    return Path.of(overlay().image());
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

  SnapshotException refusal(ErrorCode code, String message) {
    return disk.refusal(code, message);
  }
}
