package dev.stillpoint.qmp.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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

  @Test
  void tlsIsHostAndPortAndFiles() {
    assertEquals(
        new Endpoint.Tls("host", 1, Optional.empty(), Optional.empty(), Optional.empty()),
        Endpoint.parse("tls:host:1"));
    assertEquals(
        new Endpoint.Tls(
            "::1",
            16514,
            Optional.of(Path.of("/etc/pki/a,b.pem")),
            Optional.of(Path.of("c=1.pem")),
            Optional.of(Path.of("k.pem"))),
        Endpoint.parse("tls:[::1]:16514,key=k.pem,ca=/etc/pki/a,,b.pem,cert=c=1.pem"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "exec:ssh host socat - UNIX:/run/q|ssh,host,socat,-,UNIX:/run/q",
        "exec:  a \t b  |a,b",
        "exec:a 'b c'\"d e\"f|a,b cd ef",
        "exec:a \\  \\\" '\\' \"\\\"\\\\\\n\"|a, ,\",\\,\"\\\\n",
        "exec:a '' $HOME *|a,,$HOME,*",
      })
  void execIsAProgramAndItsWordsAsAShellSplitsThem(String text, String words) {
    assertEquals(new Endpoint.Exec(List.of(words.split(",", -1))), Endpoint.parse(text));
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
    "tls:host, No port",
    "'tls:host:1,', Not an option",
    "'tls:host:1,verify=no', Not an option",
    "'tls:host:1,ca', No file",
    "'tls:host:1,ca=', No file",
    "'tls:host:1,ca=x,ca=y', Given twice",
    "'tls:host:1,key=x', needs its certificate",
    "exec:, needs a program",
    "'exec:  ', needs a program",
    "exec:\"\" x, needs a program",
    "exec:a \"b, Nothing ends a quote",
    "exec:a \\, Nothing ends a backslash",
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
