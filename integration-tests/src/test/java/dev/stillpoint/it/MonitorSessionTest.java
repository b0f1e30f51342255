package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.qapi.AddFd;
import dev.stillpoint.qmp.qapi.AddfdInfo;
import dev.stillpoint.qmp.qapi.FdsetFdInfo;
import dev.stillpoint.qmp.qapi.FdsetInfo;
import dev.stillpoint.qmp.qapi.QueryFdsets;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.qapi.Yank;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a client can do with the monitor of a real QEMU beside plain commands. */
@Timeout(60)
class MonitorSessionTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int FILES = 40;

  @TempDir private Path directory;

  @Test
  void eachOfManyOpenFilesArrivesWithItsOwnCommand() throws Exception {
    List<RandomAccessFile> files = new ArrayList<>();
    try (QemuProcess qemu = QemuProcess.machineNone();
        QmpClient client = connect(qemu, QmpOptions.defaults())) {
      // given
      List<CompletableFuture<AddfdInfo>> added = new ArrayList<>();
      for (int i = 0; i < FILES; i++) {
        Path path = directory.resolve("file" + i);
        files.add(new RandomAccessFile(path.toFile(), "rw"));
        // when they are given at once, with others between them
        added.add(
            client.executeWithDescriptor(
                AddFd.of().withOpaque(path.toString()), files.get(i).getFD(), TIMEOUT));
        var unused = client.execute(new QueryStatus());
      }
      for (CompletableFuture<AddfdInfo> one : added) {
        one.get(20, TimeUnit.SECONDS);
      }
      // then QEMU has each file under the name that was said with it
      long pid = client.peer().orElseThrow().pid();
      List<FdsetInfo> sets = client.execute(new QueryFdsets()).get(20, TimeUnit.SECONDS);
      assertEquals(FILES, sets.size());
      for (FdsetInfo set : sets) {
        FdsetFdInfo only = set.fds().get(0);
        Path held = Files.readSymbolicLink(Path.of("/proc/" + pid + "/fd/" + only.fd()));
        assertEquals(Objects.requireNonNull(only.opaque()), held.toString());
      }
    } finally {
      for (RandomAccessFile file : files) {
        file.close();
      }
    }
  }

  @Test
  void anOpenFileNeedsAUnixSocket() throws Exception {
    Endpoint child =
        Endpoint.parse(
            "exec:qemu-system-x86_64 -machine none -nodefaults -display none -qmp stdio");
    try (QmpClient client = QmpClient.connect(child).get(20, TimeUnit.SECONDS);
        var file = new RandomAccessFile(directory.resolve("file").toFile(), "rw")) {
      assertInstanceOf(
          CommandException.NotSent.class,
          failure(client.executeWithDescriptor(AddFd.of(), file.getFD(), TIMEOUT)));
    }
  }

  @Test
  void outOfBandIsExecutedWhereItIsEnabledAndAllowed() throws Exception {
    try (QemuProcess qemu = QemuProcess.machineNone()) {
      try (QmpClient client = connect(qemu, QmpOptions.defaults().withOutOfBand())) {
        client.executeOutOfBand(new Yank(List.of()), TIMEOUT).get(20, TimeUnit.SECONDS);
        assertInstanceOf(
            CommandException.Refused.class,
            failure(client.executeOutOfBand(new QueryStatus(), TIMEOUT)));
      }
      try (QmpClient client = connect(qemu, QmpOptions.defaults())) {
        assertInstanceOf(
            CommandException.NotSent.class,
            failure(client.executeOutOfBand(new Yank(List.of()), TIMEOUT)));
      }
    }
  }

  @Test
  void whoServesTheSocketIsKnownAndCanBeDemanded() throws Exception {
    try (QemuProcess qemu = QemuProcess.machineNone()) {
      long us = (Integer) Files.getAttribute(directory, "unix:uid");
      try (QmpClient client = connect(qemu, QmpOptions.defaults().withPeerUid(us))) {
        assertEquals(us, client.peer().orElseThrow().uid());
      }
      Throwable failure =
          failure(
              QmpClient.connect(
                  Endpoint.unix(qemu.qmp()), QmpOptions.defaults().withPeerUid(us + 1)));
      assertEquals(
          Reason.WRONG_PEER, assertInstanceOf(ConnectFailedException.class, failure).reason());
    }
  }

  @Test
  void aMonitorThatAnotherClientHoldsIsToldAsThat() throws Exception {
    try (QemuProcess qemu = QemuProcess.machineNone();
        QmpClient holder = connect(qemu, QmpOptions.defaults())) {
      var brief = QmpOptions.defaults().withConnectTimeout(Duration.ofSeconds(1));

      Throwable failure = failure(QmpClient.connect(Endpoint.unix(qemu.qmp()), brief));

      assertInstanceOf(ProtocolException.class, failure);
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.contains("another client is connected there"), message);
      assertTrue(holder.isOpen());
    }
  }

  private static QmpClient connect(QemuProcess qemu, QmpOptions options) throws Exception {
    return QmpClient.connect(Endpoint.unix(qemu.qmp()), options).get(20, TimeUnit.SECONDS);
  }

  private static Throwable failure(CompletableFuture<?> future) {
    Throwable cause =
        assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS)).getCause();
    return Objects.requireNonNull(cause);
  }
}
