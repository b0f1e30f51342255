package dev.stillpoint.backends.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that keep the contract and programs that do not; the disk is a file that is copied. */
class ExecProgramsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(300);

  /** One that keeps it, as short as can be: what it makes is the file {@code made} beside it. */
  private static final String GOOD =
      """
      #!/bin/sh
      read -r request
      made=${0%/*}/made
      ok() { echo "{\\"stillpoint\\":1,\\"ok\\":true$1}"; exit 0; }
      case $request in
        *'"action":"capabilities"'*) ok ',"actions":["plan","check","prepare","cut","find","delete"]' ;;
        *'"action":"plan"'*) ok ',"snapshot":"s","options":{},"backupSource":{"kind":"file","name":"/s","format":"raw"}' ;;
        *'"action":"check"'*) ok ',"oneInstant":true,"expectedMs":5,"warnings":["slow"]' ;;
        *'"action":"cut"'*) : CUT; echo > "$made"; ok ;;
        *'"action":"find"'*) [ -e "$made" ] && ok ',"presence":"ours"'; ok ',"presence":"absent"' ;;
        *'"action":"delete"'*) rm -f "$made"; ok ;;
        *) ok ;;
      esac
      """;

  @TempDir private Path directory;

  private final SnapshotMethod method = new ExecProvider().create(Services.none());

  private LocatedDisk disk(String program) {
    return new LocatedDisk(
        SelectedDisk.named("vd0").withMethod("exec").withOption("program", program),
        new DiskSource.File(Path.of("/image"), "raw"),
        CutDisk.named("vd0"));
  }

  private LocatedDisk running(String script) throws IOException {
    Path file = directory.resolve("a program's \"file\"");
    Files.writeString(file, script);
    assertTrue(file.toFile().setExecutable(true));
    return disk(file.toString());
  }

  /** The good one with something else done in place of the cut's beginning. */
  private Cut preparedWithCut(String instead) throws IOException {
    LocatedDisk disk = running(GOOD.replace(": CUT;", instead));
    Cut cut = check(disk, PATIENCE).toCompletableFuture().join();
    cut.prepare(Deadline.after(PATIENCE)).toCompletableFuture().join();
    return cut;
  }

  private CompletionStage<Cut> check(LocatedDisk disk, Duration time) {
    var order = new CutOrder("00c0ffee", new SnapshotName("nightly"), List.of(disk));
    return method.check(order, Deadline.after(time));
  }

  private static Failure failure(CompletionStage<?> stage) {
    var thrown = assertThrows(CompletionException.class, () -> stage.toCompletableFuture().join());
    return assertInstanceOf(SnapshotException.class, thrown.getCause()).failure();
  }

  private Settlement.State settledAndCleaned(Cut cut) {
    Settlement.State state =
        cut.settle(Deadline.after(PATIENCE)).toCompletableFuture().join().state();
    cut.undo(Deadline.after(PATIENCE)).toCompletableFuture().join();
    cut.clean(Deadline.after(PATIENCE)).toCompletableFuture().join();
    assertTrue(Files.notExists(directory.resolve("made")));
    return state;
  }

  @Test
  void aProgramThatKeepsTheContractIsBelieved() throws IOException {
    // given
    Cut cut = preparedWithCut("");
    assertEquals(List.of("slow"), cut.warnings());
    assertEquals(Duration.ofMillis(5), cut.expectedTime());
    // when
    cut.cut(Deadline.after(PATIENCE)).toCompletableFuture().join();
    // then
    assertTrue(Files.exists(directory.resolve("made")));
    assertEquals(Settlement.State.APPLIED, settledAndCleaned(cut));
  }

  @Test
  void aLiarIsFoundOut() throws IOException {
    // given one that says that it has cut and has not
    Cut cut = preparedWithCut("ok;");
    // when
    cut.cut(Deadline.after(PATIENCE)).toCompletableFuture().join();
    // then
    assertEquals(Settlement.State.NOT_APPLIED, settledAndCleaned(cut));
  }

  @Test
  void oneThatFailsAfterItHasCutIsFoundOutToo() throws IOException {
    // given
    Cut cut = preparedWithCut("echo > \"$made\"; echo broken >&2; exit 7;");
    // when
    Failure failure = failure(cut.cut(Deadline.after(PATIENCE)));
    // then
    assertEquals(ErrorCode.CUT_FAILED, failure.code());
    assertTrue(failure.message().contains("status 7: broken"), failure::message);
    assertEquals(Settlement.State.APPLIED, settledAndCleaned(cut));
  }

  @Test
  void oneThatHangsIsEnded() throws IOException {
    // given
    Cut cut = preparedWithCut("sleep 1000;");
    // when
    Failure failure = failure(cut.cut(Deadline.after(SHORT)));
    // then
    assertEquals(ErrorCode.CUT_FAILED, failure.code());
    assertTrue(failure.message().contains("did not end in time"), failure::message);
    assertEquals(Settlement.State.NOT_APPLIED, settledAndCleaned(cut));
  }

  @Test
  void garbageIsNoAnswer() throws IOException {
    for (String garbage :
        List.of(
            "echo hello",
            "echo",
            "echo '[]'",
            "echo '{\"ok\":true}'",
            "echo '{\"stillpoint\":1,\"ok\":true} {}'",
            "printf '\\377\\376'")) {
      Failure failure = failure(check(running("#!/bin/sh\n" + garbage + "\n"), PATIENCE));
      assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code(), garbage);
      assertTrue(failure.message().contains("no answer of the contract to 'plan'"), garbage);
    }
  }

  @Test
  void aGigabyteIsNotKept() throws IOException {
    Failure failure =
        failure(check(running("#!/bin/sh\nhead -c 1000000000 /dev/zero\n"), PATIENCE));
    assertTrue(failure.message().contains("said more than"), failure::message);
  }

  @Test
  void aFailureOfItsOwnIsToldWithItsCode() throws IOException {
    // given
    LocatedDisk disk =
        running(
            "#!/bin/sh\necho '{\"stillpoint\":1,\"ok\":false,\"code\":\"NO_SPACE\","
                + "\"message\":\"the shelf is full\"}'\n");
    // when
    Failure failure = failure(check(disk, PATIENCE));
    // then
    assertEquals(ErrorCode.NO_SPACE, failure.code());
    assertTrue(failure.message().endsWith("the shelf is full"), failure::message);
  }

  @Test
  void aCodeThatOnlyTheEngineMayGiveIsNotTakenOver() throws IOException {
    LocatedDisk disk =
        running("#!/bin/sh\necho '{\"stillpoint\":1,\"ok\":false,\"code\":\"THAW_NOT_PROVED\"}'\n");
    assertEquals(ErrorCode.DISK_UNSUITABLE, failure(check(disk, PATIENCE)).code());
  }

  @Test
  void whatIsNoProgramIsRefused() throws IOException {
    Path plain = Files.writeString(directory.resolve("plain"), "text");
    assertEquals(ErrorCode.TOOL_MISSING, failure(check(disk(plain.toString()), PATIENCE)).code());
    assertEquals(ErrorCode.TOOL_MISSING, failure(check(disk("/no/such"), PATIENCE)).code());
    assertEquals(ErrorCode.BAD_REQUEST, failure(check(disk("relative"), PATIENCE)).code());
  }
}
