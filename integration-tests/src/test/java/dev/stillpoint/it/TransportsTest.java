package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.qapi.StatusInfo;
import dev.stillpoint.qmp.testing.TestCertificates;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of endpoint, each to a real QEMU. */
@Timeout(60)
class TransportsTest {
  /** More than QEMU takes at once, and more than one record of TLS holds. */
  private static final int BURST = 60;

  private static final String LOOPBACK = "127.0.0.1";

  /** Not in the server's certificate. */
  private static final String OTHER_LOOPBACK = "127.0.0.2";

  private static final Duration BRIEF = Duration.ofSeconds(5);

  @TempDir private static Path certificatesDirectory;
  private static Optional<TestCertificates> certificates = Optional.empty();

  @BeforeAll
  static void makeCertificates() throws Exception {
    HostTools.require("qemu-system-x86_64", "setsid");
    certificates = Optional.of(TestCertificates.in(certificatesDirectory));
  }

  @Test
  void unix() throws Exception {
    try (QemuProcess qemu = QemuProcess.machineNone()) {
      converse(Endpoint.unix(qemu.qmp()));
    }
  }

  @Test
  void tcp() throws Exception {
    try (QemuProcess qemu = listening()) {
      converse(Endpoint.tcp(LOOPBACK, port(qemu)));
    }
  }

  @Test
  void tlsWithACertificateOfTheClient() throws Exception {
    try (QemuProcess qemu = listeningWithTls(LOOPBACK, true)) {
      converse(tls(port(qemu), true));
    }
  }

  @Test
  void tlsToAServerThatAsksForNone() throws Exception {
    try (QemuProcess qemu = listeningWithTls(LOOPBACK, false)) {
      converse(tls(port(qemu), false));
    }
  }

  @Test
  void aMissingCertificateOfTheClientIsAnErrorOfTheConnect() throws Exception {
    // given
    try (QemuProcess qemu = listeningWithTls(LOOPBACK, true)) {
      // when
      Throwable failure = failure(QmpClient.connect(tls(port(qemu), false)));
      // then
      assertInstanceOf(ProtocolException.class, failure);
      assertSays(failure, "cert=FILE");
    }
  }

  @Test
  void aServerOfAnotherAuthorityIsNotTrusted() throws Exception {
    try (QemuProcess qemu = listeningWithTls(LOOPBACK, false)) {
      // given a client that trusts whom the JDK trusts
      var endpoint = new Endpoint.Tls(LOOPBACK, port(qemu), none(), none(), none());
      // when
      ConnectFailedException failure = connectFailure(QmpClient.connect(endpoint));
      // then
      assertEquals(Reason.TLS_FAILED, failure.reason());
      assertEquals(endpoint, failure.endpoint());
      assertSays(failure, "certification path");
    }
  }

  @Test
  void aServerThatHasAnotherNameThanItsCertificateIsNotTrusted() throws Exception {
    try (QemuProcess qemu = listeningWithTls(OTHER_LOOPBACK, false)) {
      // given
      var endpoint =
          new Endpoint.Tls(
              OTHER_LOOPBACK, port(qemu), Optional.of(made().authority()), none(), none());
      // when
      ConnectFailedException failure = connectFailure(QmpClient.connect(endpoint));
      // then
      assertEquals(Reason.TLS_FAILED, failure.reason());
      assertSays(failure, OTHER_LOOPBACK);
    }
  }

  @Test
  void aMonitorThatSpeaksNoTlsIsToldWithinTheTimeout() throws Exception {
    try (QemuProcess qemu = listening()) {
      int port = port(qemu);

      ConnectFailedException failure = connectFailure(QmpClient.connect(tls(port, false)));

      assertEquals(Reason.TLS_FAILED, failure.reason());
    }
  }

  @Test
  void filesThatCannotBeUsedAreNamed() throws Exception {
    Path missing = certificatesDirectory.resolve("none.pem");
    Path junk = Files.writeString(certificatesDirectory.resolve("junk.pem"), "no certificate");
    for (Path file : List.of(missing, junk)) {
      ConnectFailedException failure =
          connectFailure(
              QmpClient.connect(new Endpoint.Tls(LOOPBACK, 1, none(), Optional.of(file), none())));
      assertEquals(Reason.TLS_FAILED, failure.reason());
      assertSays(failure, file.toString());
    }
  }

  @Test
  void execIsAProgramThatSpeaksQmpOnItsStandardInputAndOutput() throws Exception {
    // given
    Endpoint child =
        Endpoint.parse(
            "exec:qemu-system-x86_64 -machine none -nodefaults -display none -qmp stdio");
    // when, then
    converse(child);
  }

  @Test
  void theProgramEndsWithTheConnection() throws Exception {
    // given
    List<Long> before = children();
    QmpClient client =
        QmpClient.connect(
                new Endpoint.Exec(
                    List.of(
                        "qemu-system-x86_64",
                        "-machine",
                        "none",
                        "-nodefaults",
                        "-display",
                        "none",
                        "-qmp",
                        "stdio")))
            .get(20, TimeUnit.SECONDS);
    List<Long> ours = new ArrayList<>(children());
    ours.removeAll(before);
    assertEquals(1, ours.size(), "one child");
    assertTrue(client.peerPid().isEmpty(), "this process is not the peer");
    // when
    client.close();
    // then
    ProcessHandle.of(ours.get(0)).orElseThrow().onExit().get(20, TimeUnit.SECONDS);
  }

  @Test
  void aProgramThatEndsTellsHow() {
    for (String[] words :
        List.of(
            new String[] {"sh", "-c", "echo no route to vm7 >&2; exit 5"},
            new String[] {"/nowhere/program"})) {
      Throwable failure =
          failure(QmpClient.connect(new Endpoint.Exec(List.of(words)), within(BRIEF)));
      String expected = words.length > 1 ? "exit code 5: no route to vm7" : "/nowhere/program";
      assertSays(failure, expected);
    }
  }

  /** A greeting, a long answer, more commands than QEMU queues, and the end. */
  private static void converse(Endpoint endpoint) throws Exception {
    QmpClient client = QmpClient.connect(endpoint).get(20, TimeUnit.SECONDS);
    JsonNode schema = client.execute("query-qmp-schema", Machine.json()).get(20, TimeUnit.SECONDS);
    assertTrue(schema.size() > 500, "the schema came whole");
    List<CompletableFuture<StatusInfo>> burst = new ArrayList<>();
    for (int i = 0; i < BURST; i++) {
      burst.add(client.execute(new QueryStatus()));
    }
    for (CompletableFuture<StatusInfo> reply : burst) {
      reply.get(20, TimeUnit.SECONDS);
    }
    // QEMU leaves the newline unread, so that TCP may reset the connection and lose the reply.
    var unused = client.execute("quit", Machine.json());
    client.closed().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static QemuProcess listening() {
    return QemuProcess.machineNone(
        "-chardev",
        "socket,id=net,host=127.0.0.1,port=0,server=on,wait=off",
        "-mon",
        "chardev=net,mode=control");
  }

  private static QemuProcess listeningWithTls(String host, boolean demandsCertificate) {
    return QemuProcess.machineNone(
        "-object",
        "tls-creds-x509,id=tls0,endpoint=server,dir=%s,verify-peer=%s"
            .formatted(made().directory(), demandsCertificate ? "on" : "off"),
        "-chardev",
        "socket,id=net,host=" + host + ",port=0,server=on,wait=off,tls-creds=tls0",
        "-mon",
        "chardev=net,mode=control");
  }

  /** The port that QEMU has chosen. */
  private static int port(QemuProcess qemu) {
    try (QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
      return ListeningPort.of(monitor, "net");
    }
  }

  private static TestCertificates made() {
    return certificates.orElseThrow();
  }

  private static Endpoint.Tls tls(int port, boolean withCertificate) {
    return new Endpoint.Tls(
        LOOPBACK,
        port,
        Optional.of(made().authority()),
        Optional.of(made().client()).filter(file -> withCertificate),
        Optional.of(made().clientKey()).filter(file -> withCertificate));
  }

  private static Optional<Path> none() {
    return Optional.empty();
  }

  private static QmpOptions within(Duration timeout) {
    return QmpOptions.defaults().withConnectTimeout(timeout);
  }

  private static List<Long> children() {
    return ProcessHandle.current().children().map(ProcessHandle::pid).toList();
  }

  private static void assertSays(Throwable failure, String words) {
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains(words), message);
  }

  private static ConnectFailedException connectFailure(CompletableFuture<QmpClient> connecting) {
    return assertInstanceOf(ConnectFailedException.class, failure(connecting));
  }

  private static Throwable failure(CompletableFuture<QmpClient> connecting) {
    Throwable cause =
        assertThrows(ExecutionException.class, () -> connecting.get(20, TimeUnit.SECONDS))
            .getCause();
    return cause == null ? new AssertionError("without a cause") : cause;
  }
}
