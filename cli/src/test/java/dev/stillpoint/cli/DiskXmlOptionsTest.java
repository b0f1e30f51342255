package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.SnapshotRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files of XML that are none: exit 2, one line with the file and what is wrong, nothing done. */
@Timeout(30)
class DiskXmlOptionsTest {
  private static final String DISK =
      "<disk type='file'>\n<source file='/absent/a.raw'/>\n%s</disk>";

  @TempDir private Path directory;
  private int files;

  private String file(String content) throws Exception {
    return Files.writeString(directory.resolve("f" + files++ + ".xml"), content).toString();
  }

  /** Without a monitor, so that whatever is read well fails at the disk that is not there. */
  private static Run snapshot(String... more) {
    var arguments = new ArrayList<>(List.of("snapshot", "--name", "n", "--quiesce", "never"));
    arguments.addAll(List.of(more));
    return Run.of(arguments.toArray(String[]::new));
  }

  private static void assertUsage(Run run, String... told) {
    assertEquals(ExitCode.USAGE, run.code(), run.err());
    assertEquals("", run.out());
    for (String part : told) {
      assertTrue(run.err().lines().findFirst().orElse("").contains(part), run.err());
    }
  }

  @Test
  void fileAndLineAreTold() throws Exception {
    String bad = file(DISK.formatted("<serial>a</serial>\n<serial>b</serial>\n"));
    assertUsage(snapshot("--disk-xml", bad), bad + ": line 4");
    String good = file(DISK.formatted(""));
    String noMethod = file("\n<diskSnapshot/>");
    assertUsage(snapshot("--disk-xml", good, "--method-xml", noMethod), noMethod + ": line 2");
    assertUsage(snapshot("--disk-xml", good, "--method-xml", good), "<diskSnapshot> was expected");
    String domain = file("<domain>" + DISK.formatted("") + "</domain>");
    assertUsage(snapshot("--disk-xml", domain), domain, "a <disk> was expected");
    String entity =
        file("<!DOCTYPE disk [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + DISK.formatted("&x;"));
    assertUsage(snapshot("--disk-xml", entity), entity + ": line 1");
  }

  @Test
  void whatIsNoTextOrTooLongOrNotThere() throws Exception {
    Path latin = directory.resolve("latin.xml");
    Files.write(latin, "<disk>\u00e4</disk>".getBytes(StandardCharsets.ISO_8859_1));
    assertUsage(snapshot("--disk-xml", latin.toString()), "no text in UTF-8");
    String longest = DISK.formatted(" ".repeat(DiskXmlOptions.MAX_BYTES));
    assertUsage(snapshot("--disk-xml", file(longest)), "more than 1048576 bytes");
    assertUsage(snapshot("--disk-xml", directory.resolve("absent").toString()), "no such file");
    assertUsage(snapshot("--disk-xml", directory.toString()), "cannot be read");
    assertUsage(snapshot("--disk-xml", file("")), "f1.xml: ");
    assertUsage(snapshot("--disk-xml"), "no FILE");
  }

  @Test
  void whatDoesNotGoTogether() throws Exception {
    String disk = file(DISK.formatted(""));
    String method = file("<diskSnapshot method='reflink'/>");
    assertUsage(snapshot("--disk-xml", disk, "--disk", "vda"), "not both");
    assertUsage(snapshot("--method-xml", method), "behind the one --disk-xml");
    assertUsage(snapshot("--method-xml", method, "--disk-xml", disk), "behind the one --disk-xml");
    assertUsage(
        snapshot("--disk-xml", disk, "--method-xml", method, "--method-xml", method),
        "behind the one --disk-xml");
    assertUsage(snapshot("--disk-xml", "-", "--method-xml", "-"), "standard input");
    var many = new ArrayList<String>();
    for (int i = 0; i <= SnapshotRequest.MAX_DISKS; i++) {
      many.addAll(List.of("--disk-xml", disk));
    }
    assertUsage(snapshot(many.toArray(String[]::new)), "at most 256 disks");
  }

  @Test
  void whatIsReadWellGetsAsFarAsTheDisk() throws Exception {
    // given
    String disk = file(DISK.formatted(""));
    String method = file("<diskSnapshot method='reflink'/>");
    // when
    Run run = snapshot("--disk-xml", disk, "--disk-xml", disk, "--method-xml", method);
    // then
    assertEquals(ExitCode.FAILED, run.code(), run.err());
    assertTrue(run.err().contains("there is no '/absent/a.raw'"), run.err());
  }
}
