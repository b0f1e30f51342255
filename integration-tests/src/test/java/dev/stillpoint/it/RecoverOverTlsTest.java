package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.testing.TestCertificates;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the journal says of a monitor behind TLS is enough to come to it again. */
@Timeout(180)
class RecoverOverTlsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  @Test
  void aSnapshotThatWasKilledInTheHoldIsRecoveredOverTheSameMonitor() throws Exception {
    TestCertificates certificates =
        TestCertificates.in(Files.createDirectory(directory.resolve("tls")));
    try (Guest guest = WarmGuest.start(withTlsMonitor(certificates));
        FaultProxy agent = FaultProxy.beforeAgent(guest)) {
      // given: the disks are cut, and the thaw does not reach the guest
      var trap = agent.arm(Moment.request("guest-fsfreeze-thaw"), Fault.hold());
      try (var snapshot =
          start(
              "snapshot",
              "--qmp",
              monitor(guest, certificates).toString(),
              "--qga",
              AgentSafety.require(agent.socket()).toString(),
              "--name",
              "killed",
              "--freeze-window",
              "60s",
              "--timeout",
              "120s")) {
        trap.await(PATIENCE);
        snapshot.kill();
      } finally {
        trap.disarm();
      }
      agent.cutNow(Side.SERVER);
      agent.cutNow(Side.CLIENT);
      // when
      Run run;
      try (var recovery = start("recover")) {
        run = recovery.ended();
      }
      // then
      assertEquals(0, run.code(), run::toString);
      assertTrue(run.out().contains("thawed the guest"), run::toString);
      for (Path image : guest.images()) {
        assertTrue(run.out().contains("a backup may read:     " + image), run::toString);
      }
      guest.awaitNextAck(PATIENCE);
    }
  }

  private CommandLineProcess start(String command, String... arguments) throws Exception {
    var line = new ArrayList<>(List.of(arguments));
    line.add(0, command);
    line.add("--state-dir");
    line.add(directory.resolve("state").toString());
    return CommandLineProcess.start(Way.CLASS_PATH, directory, line.toArray(String[]::new));
  }

  private static GuestConfig withTlsMonitor(TestCertificates certificates) {
    return GuestConfig.threeDisks()
        .withArguments(
            "-object",
            "tls-creds-x509,id=tls0,endpoint=server,dir="
                + certificates.directory()
                + ",verify-peer=on",
            "-chardev",
            "socket,id=net,host=127.0.0.1,port=0,server=on,wait=off,tls-creds=tls0",
            "-mon",
            "chardev=net,mode=control");
  }

  private static Endpoint monitor(Guest guest, TestCertificates certificates) {
    try (QmpClient observer = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      return new Endpoint.Tls(
          "127.0.0.1",
          ListeningPort.of(observer, "net"),
          Optional.of(certificates.authority()),
          Optional.of(certificates.client()),
          Optional.of(certificates.clientKey()));
    }
  }
}
