package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A machine was given a disk by a name with a password in it. QEMU is told that name whole, and
 * nobody else is.
 */
@Timeout(60)
class SecretNamesTest extends RecoveryScene {
  private static final String SECRET = "HUSH";
  private static final String NAME = "rbd:pool/image:id=x:key=" + SECRET + ":mon_host=a";
  private static final String TOLD = "rbd:pool/image:id=x:key=(secret):mon_host=a";
  private static final String OVERLAY_NODE = "sp-" + ID + "-1-overlay";

  private static final Duration BOUND = Duration.ofSeconds(10);

  private final List<String> written = new ArrayList<>();
  private String cutTo = "";

  private Path overlay() {
    return directory.resolve("overlay.qcow2");
  }

  /** The disk of the machine, and the overlay above it once it is cut. */
  private void hasDisk(String name) {
    String disk =
        "{'node-name':'disk','drv':'raw','ro':false,'file':'%s','image':{'filename':'%s','format':'raw','virtual-size':1048576}}"
            .formatted(name, name);
    monitor.on("query-named-block-nodes").answers(nothing -> value("[" + top(disk, name) + "]"));
    monitor
        .on("query-block")
        .answers(nothing ->
            value(
                "[{'device':'','qdev':'/machine/peripheral/vd0','removable':false,'locked':false,'inserted':%s}]"
                    .formatted(top(disk, name))));
  }

  private String top(String disk, String name) {
    return cutTo.isEmpty()
        ? disk
        : ("{'node-name':'%s','drv':'qcow2','ro':false,'file':'%s','image':{'filename':'%s','format':'qcow2','virtual-size':1048576,"
                + "'backing-image':{'filename':'%s','format':'raw','virtual-size':1048576}}}")
            .formatted(cutTo, overlay(), overlay(), name);
  }

  private void cutsAllThatItIsTold() {
    monitor.on("blockdev-add").returns("{}");
    monitor
        .on("query-qmp-schema")
        .returns(
            list(
                List.of("blockdev-add", "blockdev-snapshot"),
                name ->
                    "{'name':'%s','meta-type':'command','arg-type':'0','ret-type':'0'}"
                        .formatted(name)));
    monitor.on("query-jobs").returns("[]");
    monitor
        .on("transaction")
        .answers(arguments -> {
          readJournal();
          JsonNode actions = arguments.path("actions");
          if (actions.size() > 1) {
            return FakeQmpServer.Answer.error(
                "GenericError", "Transaction aborted using Abort action");
          }
          cutTo = actions.get(0).path("data").path("overlay").asText();
          return value("{}");
        });
  }

  private void readJournal() {
    try (Stream<Path> files = Files.walk(directory.resolve("state"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        written.add(Files.readString(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SnapshotResult snapshot() {
    try (QmpClient client = QmpClient.connect(monitor.endpoint()).join()) {
      return SnapshotEngine.builder()
          .monitor(client)
          .journal(journal)
          .build()
          .start(
              SnapshotRequest.named("nightly")
                  .disk(SelectedDisk.named("vd0").withMethod("qemu").withOverlay(overlay()))
                  .quiesce(Quiesce.NEVER))
          .result()
          .toCompletableFuture()
          .orTimeout(30, TimeUnit.SECONDS)
          .join();
    }
  }

  @Test
  void onlyTheOverlayHasThePasswordOfItsDisk() throws IOException {
    // given
    hasDisk(NAME);
    cutsAllThatItIsTold();
    // when
    SnapshotResult result = snapshot();
    // then
    assertEquals(TOLD, result.disks().get(0).backupSource().address(), result::toString);
    assertFalse(result.toString().contains(SECRET), result::toString);
    assertTrue(written.stream().anyMatch(text -> text.contains(TOLD)), written::toString);
    assertFalse(written.toString().contains(SECRET), written::toString);
    assertEquals(Optional.of(NAME), Qcow2Header.read(overlay()).backingFile());
  }

  @Test
  void aFailureThatNamesTheDiskDoesNotTellItsPassword() {
    // given
    hasDisk(NAME);
    cutsAllThatItIsTold();
    monitor
        .on("blockdev-add")
        .answers(arguments ->
            FakeQmpServer.Answer.error("GenericError", "Could not open '" + NAME + "'"));
    // when
    SnapshotResult result = snapshot();
    readJournal();
    // then
    assertEquals(Outcome.FAILED, result.outcome(), result::toString);
    assertTrue(result.toString().contains(TOLD), result::toString);
    assertFalse(result.toString().contains(SECRET), result::toString);
    assertFalse(written.toString().contains(SECRET), written::toString);
  }

  private Inventory disk(String node, Path overlay) throws IOException {
    Inventory like = disk(1, overlay, Optional.of(number(overlay)));
    return new Inventory(
        "vd0", "qemu", "prepared", NAME, Optional.of(node), Map.of(), like.belongings());
  }

  @Test
  void aRecoveryKnowsTheDiskByTheNameWithoutThePassword() throws IOException {
    // given: the disk has another node since, no overlay is above it, and a job of ours is left
    jobs.put("sp-" + ID + "-1-create", "concluded");
    monitor
        .on("job-dismiss")
        .answers(arguments -> {
          jobs.remove(arguments.path("id").asText());
          return value("{}");
        });
    hasDisk(NAME);
    Path left = file("overlay.qcow2");
    written(Phase.RELEASED, living(), false, false, disk("another", left));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(Files.exists(left), one::toString);
  }

  @Test
  void aCutThatWasBeingTakenBackIsKnownToLieOnThatDisk() throws IOException {
    // given
    hasDisk(NAME);
    cutTo = OVERLAY_NODE;
    Path cut = file("overlay.qcow2");
    jobs.put("sp-" + ID + "-1-commit", "running");
    written(Phase.RELEASED, living(), false, false, disk(OVERLAY_NODE, cut));
    // when
    List<RecoveredOperation> found = new Recovery(journal, BOUND, BOUND, true).run();
    // then
    assertTrue(found.get(0).done().toString().contains("take back the cut"), found::toString);
    assertFalse(found.toString().contains(SECRET), found::toString);
  }
}
