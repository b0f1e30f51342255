package dev.stillpoint.backends.qemu.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.ImageHolder;
import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.qemu.chain.ImageChain.Link;
import dev.stillpoint.backends.qemu.image.ImageTool;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody does to the images while {@code qemu-img} is at work, or has just been. */
class FileChainTest {
  private static final Deadline SOON = Deadline.after(Duration.ofSeconds(30));
  private static final OverlayMark MARK = new OverlayMark("00c0ffee", "nightly", "disk.qcow2");

  @TempDir private Path home;
  private final List<List<String>> ran = new ArrayList<>();
  private Path base = Path.of("");
  private Path overlay = Path.of("");

  @BeforeEach
  void makeFiles() throws IOException {
    base = Files.writeString(home.resolve("disk.qcow2"), "old");
    overlay = Files.writeString(home.resolve("disk.nightly.qcow2"), "new");
  }

  /** A program that does nothing itself. */
  private ChainOwner chain(Meanwhile meanwhile) {
    return new FileChain(
        new ImageTool(
            new Programs() {
              @Override
              public String place() {
                return "here";
              }

              @Override
              public Said run(List<String> command, Deadline deadline) throws IOException {
                return runToEnd(command);
              }

              @Override
              public Said runToEnd(List<String> command) throws IOException {
                ran.add(command);
                meanwhile.happens();
                return new Said(0, "", "");
              }
            }));
  }

  private interface Meanwhile {
    void happens() throws IOException;
  }

  private MergeOfOverlay merge() throws IOException {
    var links =
        List.of(
            new Link(overlay.toString(), "qcow2", Optional.empty(), Optional.of(MARK)),
            new Link(base.toString(), "qcow2", Optional.empty(), Optional.empty()));
    var disk =
        new LocatedDisk(
            SelectedDisk.named("disk"),
            new DiskSource.File(overlay, "qcow2"),
            CutDisk.named("disk"));
    return MergeOfOverlay.of(disk, new ImageChain(links), 0);
  }

  private void assertInUse(ChainOwner chain) throws IOException {
    MergeOfOverlay merge = merge();
    var refused = assertThrows(SnapshotException.class, () -> chain.merge(merge, SOON));
    assertEquals(ErrorCode.DISK_IN_USE, refused.failure().code());
    assertTrue(Files.exists(overlay));
  }

  @Test
  void theOverlayGoesDownIntoTheImageThatWasMeant() throws IOException {
    chain(() -> {}).merge(merge(), SOON);
    assertFalse(Files.exists(overlay));
    assertEquals(
        List.of(
            List.of(
                "qemu-img",
                "commit",
                "-q",
                "-b",
                base.toString(),
                "-f",
                "qcow2",
                overlay.toString())),
        ran);
  }

  @Test
  void anOverlayThatIsWrittenToMeanwhileStays() throws IOException {
    assertInUse(chain(() -> Files.writeString(overlay, "newer still")));
  }

  @Test
  void soDoesOneWithWhichAMachineIsStartedMeanwhile() throws Exception {
    Process machine = ImageHolder.start(overlay);
    try {
      assertEquals("held", machine.inputReader().readLine());
      assertInUse(chain(() -> {}));
    } finally {
      machine.destroyForcibly().waitFor();
    }
  }
}
