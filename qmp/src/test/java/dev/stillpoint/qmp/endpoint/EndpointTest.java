package dev.stillpoint.qmp.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/run/vm1/qmp.sock",
        "qmp.sock",
        "./a:b",
        "../with space",
        "/odd,name",
        "/tcp:h:1",
        "1:2"
      })
  void aBarePathIsAUnixSocket(String path) {
    assertEquals(new Endpoint.Unix(Path.of(path)), Endpoint.parse(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/run/vm1/qmp.sock", "qmp.sock", "tcp:host:1", "unix:x", " leading"})
  void afterUnixEverythingIsThePath(String path) {
    assertEquals(Endpoint.unix(Path.of(path)), Endpoint.parse("unix:" + path));
  }

  @ParameterizedTest
  @CsvSource({
    "tcp:localhost:4444, localhost, 4444",
    "tcp:192.0.2.7:1, 192.0.2.7, 1",
    "tcp:[::1]:65535, ::1, 65535",
    "tcp:[fe80::1%eth0]:4444, fe80::1%eth0, 4444",
    "tcp:[::ffff:192.0.2.7]:4444, ::ffff:192.0.2.7, 4444",
  })
  void tcpIsHostAndPort(String text, String host, int port) {
    assertEquals(Endpoint.tcp(host, port), Endpoint.parse(text));
    assertEquals(text, Endpoint.parse(text).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"tls:host:1", "exec:ssh host"})
  void whatIsNotSupportedYetSaysSo(String text) {
    assertTrue(refusal(text).contains("not supported yet"), refusal(text));
  }

  @ParameterizedTest
  @CsvSource({
    "'', empty",
    "'  ', empty",
    "unix:, needs a path",
    "vsock:3:1234, Unknown kind",
    "UNIX:/x, Unknown kind",
    "tcp:, No port",
    "tcp:host, No port",
    "tcp:host:, Not a port",
    "tcp:host:0, Not a port",
    "tcp:host:65536, Not a port",
    "tcp:host:+1, Not a port",
    "tcp:host:-1, Not a port",
    "tcp:host:4444x, Not a port",
    "tcp::4444, Not a host",
    "tcp:ho st:4444, Not a host",
    "'tcp:host,server=on:4444', Not a host",
    "tcp:::1:4444, needs brackets",
    "tcp:[host]:4444, Only an IPv6",
    "tcp:[]:4444, Not a host",
    "tcp:[::g]:4444, Not a host",
  })
  void anythingElseIsRefusedWithItsReason(String text, String reason) {
    assertTrue(refusal(text).contains(reason), refusal(text));
  }

  @Test
  void aNulByteIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Endpoint.parse("unix:/a\0b"));
  }

  private static String refusal(String text) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(text)).getMessage());
  }
}
