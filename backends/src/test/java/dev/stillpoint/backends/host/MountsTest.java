package dev.stillpoint.backends.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which mount holds a path, from mountinfo as kernels write it. */
class MountsTest {
  private static final String ROOT = "21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw";

  @TempDir private Path directory;

  private Mount of(String path, String... lines) throws IOException {
    Path mountinfo = directory.resolve("mountinfo");
    Files.write(mountinfo, List.of(lines), StandardCharsets.UTF_8);
    return Mounts.read(mountinfo).of(Path.of(path)).orElseThrow();
  }

  @Test
  void aLineTellsAllThatIsKnownOfAMount() throws IOException {
    // when
    Mount mount =
        of(
            "/vm/a.raw",
            ROOT,
            "64 21 0:39 /sv /vm rw,relatime master:3 - btrfs /dev/loop0 rw,subvolid=256,subvol=/sv");
    // then
    assertEquals(
        new Mount(
            64,
            21,
            "0:39",
            "/sv",
            Path.of("/vm"),
            "btrfs",
            "/dev/loop0",
            List.of("rw", "relatime", "subvolid=256", "subvol=/sv")),
        mount);
  }

  @Test
  void whatTheKernelEscapesIsReadAsItIs() throws IOException {
    // when
    Mount mount =
        of(
            "/a b\tc\nd\\e#f/disk",
            ROOT,
            "30 21 7:0 / /a\\040b\\011c\\012d\\134e\\043f rw - ext4 /dev/o\\040dd rw");
    // then
    assertEquals(Path.of("/a b\tc\nd\\e#f"), mount.point());
    assertEquals("/dev/o dd", mount.source());
  }

  @Test
  void aBackslashThatEscapesNothingStays() throws IOException {
    // when, then
    assertEquals(Path.of("/x\\9"), of("/x\\9/y", ROOT, "30 21 7:0 / /x\\9 rw - xfs a rw").point());
    assertEquals(Path.of("/x\\04"), of("/x\\04", ROOT, "30 21 7:0 / /x\\04 rw - xfs a rw").point());
  }

  @Test
  void theDeepestMountHoldsAPath() throws IOException {
    // given
    String outer = "30 21 7:0 / /vm rw - ext4 /dev/outer rw";
    String inner = "31 30 7:1 / /vm/fast rw - xfs /dev/inner rw";
    // when, then
    assertEquals("/dev/inner", of("/vm/fast/a", inner, outer, ROOT).source());
    assertEquals("/dev/outer", of("/vm/faster/a", inner, outer, ROOT).source());
    assertEquals("/dev/vda1", of("/vmx", inner, outer, ROOT).source());
  }

  @Test
  void aMountThatAnotherOneHidesHoldsNothing() throws IOException {
    // given the deep mount first, and then another one on the directory above it
    String hidden = "30 21 7:0 / /vm/fast rw - ext4 /dev/hidden rw";
    String above = "31 21 7:1 / /vm rw - xfs /dev/above rw";
    // when, then
    assertEquals("/dev/above", of("/vm/fast/a", ROOT, hidden, above).source());
  }

  @Test
  void theLastOfSeveralOnOneDirectoryIsSeen() throws IOException {
    // given
    String first = "30 21 7:0 / /vm rw - ext4 /dev/first rw";
    String second = "31 30 7:1 / /vm rw - xfs /dev/second rw";
    // when, then
    assertEquals("/dev/second", of("/vm/a", ROOT, first, second).source());
  }

  @Test
  void aLineThatIsNoneIsPassedOver() throws IOException {
    // when, then
    assertEquals(
        "/dev/vda1", of("/vm", "", "x", "1 2 3 - a", "a b 7:0 / /vm rw - e s o", ROOT).source());
  }
}
