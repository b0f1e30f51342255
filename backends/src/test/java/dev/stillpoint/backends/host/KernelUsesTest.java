package dev.stillpoint.backends.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read of the texts of a kernel. Those of LIO and nvmet are of Linux 6.1. */
class KernelUsesTest {
  @TempDir private Path root = Path.of("");

  private void tell(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.resolveSibling("."));
    Files.writeString(path, text);
  }

  @Test
  void allThatAreToldAreRead() throws IOException {
    // given
    tell(
        "proc/swaps",
        """
        Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority
        /dev/vda2                               partition\t4092\t\t0\t\t-2
        /srv/a\\040file                          file\t\t4092\t\t0\t\t-3
        """);
    tell(
        "sys/kernel/config/target/core/iblock_0/one/info",
        """
        Status: ACTIVATED  Max Queue Depth: 128  SectorSize: 512  HwMaxSectors: 2048
                iBlock device: zd0  UDEV PATH: /dev/zvol/tank/a  readonly: 0
                Major: 230 Minor: 16  CLAIMED: IBLOCK
        """);
    tell(
        "sys/kernel/config/target/core/fileio_0/two/info",
        """
        Status: ACTIVATED  Max Queue Depth: 128  SectorSize: 512  HwMaxSectors: 16384
                TCM FILEIO ID: 0        File: /srv/Size: 1  x.raw  Size: 1048576  Mode: O_DSYNC Async: 0
        """);
    tell(
        "sys/kernel/config/target/core/iblock_0/three/info",
        """
        Status: DEACTIVATED  Max Queue Depth: 0  SectorSize: 0  HwMaxSectors: 0
                Major: 0 Minor: 0
        """);
    tell("sys/kernel/config/nvmet/subsystems/nqn/namespaces/1/device_path", "/dev/zd16\n");
    tell("sys/kernel/config/nvmet/subsystems/nqn/namespaces/2/device_path", "(null)\n");
    tell("sys/kernel/scst_tgt/devices/disk1/filename", "/srv/scst.raw\n[key]\n");
    // when
    KernelUses uses = KernelUses.below(root);
    // then
    assertEquals(
        Set.of("/dev/vda2", "/srv/a file", "/srv/Size: 1  x.raw", "/dev/zd16", "/srv/scst.raw"),
        uses.paths());
    assertEquals(Set.of("230:16"), uses.devices());
  }

  @Test
  void aKernelThatHasNoSuchThingsUsesNothing() throws IOException {
    assertEquals(new KernelUses(Set.of(), Set.of()), KernelUses.below(root));
  }
}
