package dev.stillpoint.core.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * What {@link SnapshotMethodContract} has to be given of a method: its disks, and the storage as
 * one sees it without the method. Each test uses an object of its own; what it makes goes with it,
 * by the {@code @AfterEach} of the one who extends this.
 */
public abstract class SnapshotMethodBench {
  /** Beyond any storage's time: only a hang is longer. */
  protected static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The operation that is tested. */
  protected static final String OPERATION = "00c0ffee";

  /** Another one, on which nothing of the first may be blamed. */
  protected static final String OTHER_OPERATION = "0badcafe";

  /** The name of most snapshots. */
  static final SnapshotName NIGHTLY = new SnapshotName("nightly");

  private int operations;

  /** How far an operation comes before its process is killed, or it is given up. */
  enum Phase {
    CHECKED,
    RESERVED,
    PREPARED
  }

  /** For those who extend it. */
  protected SnapshotMethodBench() {}

  /** A new object of the method, as another process would make it: it remembers nothing. */
  protected abstract SnapshotMethod newMethod();

  /**
   * A disk of this storage that nobody uses.
   *
   * @param content what it begins with: at most 64 ASCII characters, none of them NUL
   * @return with the method filled in, another name each time, and no option but what the method
   *     needs
   */
  protected abstract LocatedDisk newDisk(String content) throws Exception;

  /**
   * Ends the machine that uses the disk, where there is one.
   *
   * @return the disk by the name that it has then; what is written and read afterwards is that
   */
  protected LocatedDisk atRest(LocatedDisk disk) throws Exception {
    return disk;
  }

  /** Writes to the disk what it then begins with, as a machine would, to the storage itself. */
  protected abstract void write(LocatedDisk disk, String content) throws Exception;

  /** What the disk begins with, as a machine would read it. */
  protected abstract String read(LocatedDisk disk) throws Exception;

  /** What a backup begins with. */
  protected abstract String readBackup(DiskSource source) throws Exception;

  /**
   * Everything in the storage that a snapshot could leave behind or damage, a line for each thing:
   * its name, and what tells it from another in its place. Not the content of disks.
   */
  protected abstract Set<String> contents() throws Exception;

  /**
   * Puts a snapshot there that is not ours, by the storage's own means, where the method would put
   * one of this name. Skips what needs it unless overridden.
   */
  protected void plant(LocatedDisk disk, SnapshotName name) throws Exception {
    Assumptions.abort("no snapshot of another's can be put there");
  }

  /** A disk that the method cannot serve. Skips what needs it unless overridden. */
  protected LocatedDisk newUnservableDisk() throws Exception {
    return Assumptions.abort("it serves every disk");
  }

  /** Uses the disk as a running machine does, until closed. Skips what needs it by default. */
  protected AutoCloseable use(LocatedDisk disk) throws Exception {
    return Assumptions.abort("no disk of this storage can be used here");
  }

  /**
   * The method over a storage that calls this before everything that waits, on the thread that will
   * wait. Skips what needs it unless overridden.
   */
  protected SnapshotMethod newMethod(Runnable beforeWaiting) throws Exception {
    return Assumptions.abort("nothing of it can be held");
  }

  /** Skips the test unless the method says that it can do this. */
  protected final void assume(Ability ability) {
    Assumptions.assumeTrue(
        newMethod().traits().abilities().contains(ability), () -> "it cannot " + ability);
  }

  /** The order to cut these disks. */
  protected static CutOrder order(String name, LocatedDisk... disks) {
    return new CutOrder(OPERATION, new SnapshotName(name), List.of(disks));
  }

  /** The deadline of one stage. */
  protected static Deadline deadline() {
    return Deadline.after(PATIENCE);
  }

  /** What a stage came to; its failure is thrown as it is. */
  protected static <T> T await(CompletionStage<T> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Awaits a stage that has to fail, with a {@link SnapshotException}. */
  protected static Failure failureOf(CompletionStage<?> stage) {
    return assertThrows(SnapshotException.class, () -> await(stage)).failure();
  }

  /** Awaits a stage that has to fail with this code, and names the disk if any. */
  protected static void assertRefused(ErrorCode code, LocatedDisk disk, CompletionStage<?> stage) {
    Failure failure = failureOf(stage);
    assertEquals(code, failure.code(), failure::toString);
    failure.disk().ifPresent(named -> assertEquals(disk.name(), named));
  }

  /** A cut that is checked, reserved and prepared. */
  protected static Cut prepared(SnapshotMethod method, CutOrder order) throws Exception {
    Cut cut = await(method.check(order, deadline()));
    await(cut.reserve(deadline()));
    await(cut.prepare(deadline()));
    return cut;
  }

  /** What a cut became; it has to be applied. */
  protected static List<DiskSnapshot> applied(Cut cut) throws Exception {
    await(cut.cut(deadline()));
    Settlement settlement = await(cut.settle(deadline()));
    assertEquals(Settlement.State.APPLIED, settlement.state(), settlement::toString);
    return settlement.disks();
  }

  /** A snapshot of one disk from the check to its end, by an operation of its own. */
  protected DiskSnapshot snapshot(String name, LocatedDisk disk) throws Exception {
    String operation = "%08x".formatted(++operations);
    var order = new CutOrder(operation, new SnapshotName(name), List.of(disk));
    Cut cut = prepared(newMethod(), order);
    DiskSnapshot snapshot = applied(cut).get(0);
    await(cut.clean(deadline()));
    return snapshot;
  }

  /** As a journal gives it back: nothing but its texts and numbers. */
  protected static List<Inventory> fromJournal(List<Inventory> written) {
    return written.stream()
        .map(one ->
            new Inventory(
                one.disk(),
                one.method(),
                one.way(),
                one.source(),
                one.node().map(String::new),
                one.options(),
                one.belongings().stream().map(SnapshotMethodBench::again).toList()))
        .toList();
  }

  private static Inventory.Belonging again(Inventory.Belonging one) {
    Optional<Inventory.FileNumber> file =
        one.file().map(same -> new Inventory.FileNumber(same.device(), same.inode()));
    return new Inventory.Belonging(one.kind(), one.role(), one.name(), file);
  }

  static Cut upTo(Phase phase, SnapshotMethod method, CutOrder order) throws Exception {
    Cut cut = await(method.check(order, deadline()));
    if (phase.compareTo(Phase.RESERVED) >= 0) {
      await(cut.reserve(deadline()));
    }
    if (phase.compareTo(Phase.PREPARED) >= 0) {
      await(cut.prepare(deadline()));
    }
    return cut;
  }
}
