package dev.stillpoint.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HostToolsTest {
  @Test
  void whatIsThereIsFoundAlsoOutsideOfPath() {
    HostTools.require("sh", "mkfs.ext4");
    assertTrue(HostTools.path("mkfs.ext4").endsWith("/mkfs.ext4"));
  }

  @Test
  void whatIsMissingIsNamedWithTheLineThatInstallsIt() {
    var missing =
        assertThrows(
            HostTools.MissingToolsException.class,
            () -> HostTools.require("sh", "no-such-tool", "another-one"));
    assertEquals(
        "apt-get install --no-install-recommends -y another-one no-such-tool",
        missing.installLine());
    assertEquals(
        "missing on this host: no-such-tool, another-one; install with: " + missing.installLine(),
        missing.getMessage());
  }
}
