package dev.stillpoint.backends.qemu.image;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.host.ImageLock;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * {@code qemu-img} on images that no machine uses: it takes QEMU's locks itself, and refuses what
 * is in use. Paths are absolute, so that none is taken for an option or a protocol; names are
 * checked by whoever made them a {@link dev.stillpoint.core.snapshot.SnapshotName}.
 */
public final class ImageTool {
  private static final String PROGRAM = "qemu-img";

  private final Programs programs;

  public ImageTool(Programs programs) {
    this.programs = programs;
  }

  public List<StoredSnapshot> list(String image, Deadline deadline) throws IOException {
    // Also of one in use: only its header is read.
    String json =
        programs.require(
            List.of(PROGRAM, "info", "--output=json", "-U", "-f", "qcow2", image), deadline);
    return InternalSnapshots.parse(json, Path.of(image));
  }

  public void create(String image, String name) throws IOException {
    snapshot("-c", image, name);
  }

  public void delete(String image, String name) throws IOException {
    snapshot("-d", image, name);
  }

  public void apply(LocatedDisk disk, String image, String name) throws IOException {
    Path path = Path.of(image);
    Optional<String> user = DiskUsers.of(path);
    if (user.isPresent() || ImageLock.isHeld(path)) {
      throw disk.refusal(
          ErrorCode.DISK_IN_USE,
          "'" + image + "' is in use: " + user.orElse("QEMU or one of its tools has locked it"));
    }
    snapshot("-a", image, name);
  }

  /**
   * Puts what an overlay holds into the image that it lies on, and no other ({@code qemu-img
   * commit}). The overlay stays as it is: one that was killed half-way is done again.
   */
  public void commit(Path overlay, String base) throws IOException {
    toEnd(List.of(PROGRAM, "commit", "-q", "-b", base, "-f", "qcow2", overlay.toString()));
  }

  /** Makes an image lie on another one that holds the same ({@code qemu-img rebase -u}). */
  public void rebase(Path image, String base, String baseFormat) throws IOException {
    toEnd(
        List.of(
            PROGRAM,
            "rebase",
            "-q",
            "-u",
            "-f",
            "qcow2",
            "-b",
            base,
            "-F",
            baseFormat,
            image.toString()));
  }

  /** Makes an overlay that holds nothing yet into an empty file ({@code qemu-img create}). */
  public void overlay(Path file, String base, String baseFormat, Deadline deadline)
      throws IOException {
    programs.require(
        List.of(
            PROGRAM, "create", "-q", "-f", "qcow2", "-b", base, "-F", baseFormat, file.toString()),
        deadline);
  }

  public Programs programs() {
    return programs;
  }

  /** Killed half-way it would leave clusters that nothing refers to, or be applied all the same. */
  private void snapshot(String action, String image, String name) throws IOException {
    toEnd(List.of(PROGRAM, "snapshot", action, name, image));
  }

  private void toEnd(List<String> command) throws IOException {
    Programs.succeeded(command, programs.runToEnd(command));
  }
}
