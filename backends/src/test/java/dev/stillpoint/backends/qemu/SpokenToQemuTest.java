package dev.stillpoint.backends.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.FakeQmpServer.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a cut says to QEMU, to the letter: whatever else is said, an old QEMU may not know, and a
 * new one may take it for something.
 */
@Timeout(20)
class SpokenToQemuTest {
  private static final Deadline SOON = Deadline.after(Duration.ofSeconds(10));
  private static final String ABORTED = "Transaction aborted using Abort action";
  private static final String CONCLUDED =
      "'type':'x','status':'concluded','current-progress':1,'total-progress':1}]";

  @TempDir private Path directory;
  private final FakeQmpServer monitor = FakeQmpServer.start();
  private QmpClient client;
  private Path base;
  private Path top;

  @BeforeEach
  void oneDisk() throws Exception {
    base = Files.writeString(directory.resolve("base.qcow2"), "");
    top = directory.resolve("top.qcow2");
    for (String done :
        List.of(
            "blockdev-add",
            "blockdev-del",
            "blockdev-snapshot-sync",
            "job-complete",
            "job-dismiss",
            "block-commit")) {
      monitor.on(done).returns("{}");
    }
    tellsNode("node0");
    monitor.on("query-block-jobs").returns("[]").on("query-block-exports").returns("[]");
    monitor.on("query-jobs").returns("[]");
    monitor
        .on("transaction")
        .answers(arguments ->
            arguments.toString().contains("abort")
                ? Answer.error("GenericError", ABORTED)
                : Answer.value("{}"));
    client = QmpClient.connect(monitor.endpoint()).join();
  }

  private void tellsNode(String name) {
    String node =
        "{'node-name':'"
            + name
            + "','drv':'qcow2','ro':false,'file':'"
            + base
            + "','image':{'filename':'"
            + base
            + "','format':'qcow2','virtual-size':1048576}}";
    monitor
        .on("query-block")
        .returns(
            "[{'device':'drive0','qdev':'vd0','type':'unknown','removable':false,'locked':false,"
                + "'inserted':"
                + node
                + "}]")
        .on("query-named-block-nodes")
        .returns("[" + node + "]");
  }

  @AfterEach
  void closeBoth() {
    client.close();
    monitor.close();
  }

  private Cut cut(QemuWay way) {
    var one = new Monitor(client);
    AttachedDisk disk = BlockGraph.read(one, SOON).disks().get(0);
    var mark = new OverlayMark("1", "nightly", "base.qcow2");
    var overlay = new Overlay("vd0", disk, top, "sp-1-0", way, mark);
    return new QemuCut(one, List.of(overlay), List.of(), List.of(), false);
  }

  private static void done(java.util.concurrent.CompletionStage<?> step) {
    step.toCompletableFuture().join();
  }

  private void takes(Cut cut) {
    done(cut.reserve(SOON));
    done(cut.prepare(SOON));
    done(cut.cut(SOON));
  }

  /** What was asked for by this name, in order. */
  private List<JsonNode> said(String command) {
    return monitor.requests().stream()
        .filter(one -> one.path("execute").asText().equals(command))
        .map(one -> one.path("arguments"))
        .toList();
  }

  private List<JsonNode> json(String... texts) {
    return List.of(texts).stream()
        .map(text -> text.replace("BASE", base.toString()).replace("TOP", top.toString()))
        .map(text -> Answer.value(text).content())
        .toList();
  }

  @Test
  void preparedOverlays() {
    // when
    takes(cut(QemuWay.PREPARED));
    // then
    assertEquals(
        json(
            "{'driver':'file','node-name':'sp-1-0-file','filename':'TOP'}",
            "{'driver':'qcow2','node-name':'sp-1-0-overlay','file':'sp-1-0-file',"
                + "'discard':'unmap','backing':null}"),
        said("blockdev-add"));
    String snapshot =
        "{'type':'blockdev-snapshot','data':{'node':'node0','overlay':'sp-1-0-overlay'}}";
    assertEquals(
        json(
            "{'actions':[" + snapshot + ",{'type':'abort','data':{}}]}",
            "{'actions':[" + snapshot + "]}"),
        said("transaction"));
  }

  @Test
  void overlaysThatAreOpenedInTheHold() {
    // when
    takes(cut(QemuWay.SYNC_EXISTING));
    // then
    String arguments =
        "{'device':'drive0','snapshot-file':'TOP','snapshot-node-name':'sp-1-0-overlay',"
            + "'format':'qcow2','mode':'existing'}";
    assertEquals(json(arguments), said("blockdev-snapshot-sync"));
    assertEquals(
        json(
            "{'actions':[{'type':'blockdev-snapshot-sync','data':"
                + arguments
                + "},{'type':'abort','data':{}}]}"),
        said("transaction"));
    assertEquals(json(), said("blockdev-add"));
  }

  @Test
  void overlaysThatQemuMakes() {
    // when
    takes(cut(QemuWay.SYNC_ABSOLUTE));
    // then
    assertEquals(
        json(
            "{'device':'drive0','snapshot-file':'TOP','snapshot-node-name':'sp-1-0-overlay',"
                + "'format':'qcow2','mode':'absolute-paths'}"),
        said("blockdev-snapshot-sync"));
  }

  @Test
  void theWayBack() {
    // given
    Cut cut = cut(QemuWay.PREPARED);
    takes(cut);
    tellsNode("sp-1-0-overlay");
    monitor.on("query-jobs").returns("[{'id':'sp-1-0-commit'," + CONCLUDED);
    // when
    done(cut.undo(SOON));
    // then
    assertEquals(
        json(
            "{'job-id':'sp-1-0-commit','device':'sp-1-0-overlay','base-node':'node0',"
                + "'top-node':'sp-1-0-overlay',"
                + "'auto-finalize':true,'auto-dismiss':false}"),
        said("block-commit"));
    assertEquals(json("{'id':'sp-1-0-commit'}"), said("job-dismiss"));
  }
}
