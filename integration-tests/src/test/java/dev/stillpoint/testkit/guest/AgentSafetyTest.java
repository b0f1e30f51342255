package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.guest.AgentSafety.UnsafeAgentException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentSafetyTest {
  @TempDir Path directory;

  @Test
  void aQemuOfTheKitIsSafe() throws IOException {
    // given a QEMU of the kit with a socket
    try (QemuProcess qemu = QemuProcess.machineNone()) {
      // then its socket passes, by its own path and through a link to its directory
      assertEquals(qemu.qmp(), AgentSafety.require(qemu.qmp()));
      Path link = Files.createSymbolicLink(directory.resolve("link"), qemu.directory());
      Path linked = link.resolve(String.valueOf(qemu.qmp().getFileName()));
      assertEquals(linked, AgentSafety.require(linked));
    }
  }

  @Test
  void anybodyElseIsRefused() throws IOException {
    // given a socket that somebody else serves, here this JVM, as an agent on the host would
    Path socket = directory.resolve("qga.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      // then it is refused, while a QEMU of the kit runs beside it
      try (QemuProcess qemu = QemuProcess.machineNone()) {
        var refusal = assertThrows(UnsafeAgentException.class, () -> AgentSafety.require(socket));
        assertTrue(refusal.toString().contains("no QEMU of this kit"), refusal.toString());
        assertTrue(qemu.isAlive());
      }
    }
  }

  @Test
  void whatCannotBeSeenIsRefused() {
    // given nobody at the path, an address that is no unix socket
    Path nobody = directory.resolve("nobody.sock");
    // then both are refused
    assertThrows(UnsafeAgentException.class, () -> AgentSafety.require(nobody));
    assertThrows(
        UnsafeAgentException.class,
        () -> AgentSafety.require(InetSocketAddress.createUnresolved("localhost", 1)));
  }

  @Test
  void aProxyIsAsSafeAsItsTargetNow() throws IOException {
    Path proxy = directory.resolve("proxy.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(proxy));
      Path target;
      try (QemuProcess qemu = QemuProcess.machineNone()) {
        // given a proxy of this JVM before a QEMU of the kit
        target = qemu.qmp();
        AgentSafety.admitProxy(proxy, target);
        assertEquals(proxy, AgentSafety.require(proxy));
      }
      // when the QEMU has gone, then the proxy is not safe any more, and cannot be admitted again
      assertThrows(UnsafeAgentException.class, () -> AgentSafety.require(proxy));
      assertThrows(UnsafeAgentException.class, () -> AgentSafety.admitProxy(proxy, target));
      assertTrue(server.isOpen());
    }
    AgentSafety.dismissProxy(proxy);
  }

  @Test
  void aProxyMustBeServedByThisJvm() {
    // given a proxy's path where nobody listens, or somebody else does
    Path proxy = directory.resolve("proxy.sock");
    try (QemuProcess qemu = QemuProcess.machineNone();
        QemuProcess other = QemuProcess.machineNone()) {
      // then it is refused although its target is safe
      AgentSafety.admitProxy(proxy, qemu.qmp());
      assertThrows(UnsafeAgentException.class, () -> AgentSafety.require(proxy));
      AgentSafety.admitProxy(other.qmp(), qemu.qmp());
      assertThrows(UnsafeAgentException.class, () -> AgentSafety.require(other.qmp()));
      AgentSafety.dismissProxy(proxy);
      AgentSafety.dismissProxy(other.qmp());
    }
  }
}
