package dev.stillpoint.backends;

import dev.stillpoint.backends.disks.DescribedDisk;
import dev.stillpoint.backends.disks.DescribedDisks;
import dev.stillpoint.backends.guard.Guards;
import dev.stillpoint.backends.guard.OperationGuard;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.StateDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots of one running QEMU machine, over its monitor and its guest agent, or of bare
 * disks where there is no monitor. The clients stay the caller's: they must be open while an
 * operation runs, and are closed by the caller. Only where the guest may be frozen at the end, the
 * agent's is closed here: the connection has passed to the guard, which pursues the thaw.
 */
public final class SnapshotEngine {
  private final EngineParts parts;
  private final Journal journal;

  private SnapshotEngine(EngineParts parts, Journal journal) {
    this.parts = parts;
    this.journal = journal;
  }

  /** An engine to be put together. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Begins a snapshot and returns at once. The operation holds the machine's lock for its whole
   * life; where another operation has it, of this process or another, the result is a failure with
   * {@link dev.stillpoint.core.snapshot.ErrorCode#BUSY} that names it, and the guest was not
   * touched. Where an earlier operation on this machine did not end, the result's warnings name it;
   * {@link Recovery} ends it.
   *
   * @return the operation; its result completes always, and tells failures too
   */
  public SnapshotOperation start(SnapshotRequest request) {
    return start(request, parts.locator());
  }

  /** Those disks of what this engine works on. */
  DescribedDisks described(List<DescribedDisk> disks) {
    return new DescribedDisks(parts.monitor(), disks);
  }

  /** The same with somebody else who finds the disks. */
  SnapshotOperation start(SnapshotRequest request, DiskLocator locator) {
    String id = SnapshotCoordinator.newOperationId();
    MachineLock lock;
    try {
      lock = parts.lock(id, request);
    } catch (SnapshotException e) {
      return LockedOperation.refused(id, request.name(), e.failure());
    }
    try {
      var earlier = EarlierOperations.in(journal);
      Optional<OperationGuard> guard = parts.guard(id, request);
      var known = new EngineParts.Acquaintance(parts.identity());
      return LockedOperation.begun(
          parts.coordinator(guard, known, locator).start(id, request),
          lock,
          result ->
              GuardWord.in(earlier.on(known.machine()).toldIn(parts.told(result, guard)), guard));
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /** Puts an engine together. Not safe for use by several threads. */
  public static final class Builder {
    private @Nullable QmpClient monitor;
    private @Nullable QgaClient agent;
    private Journal journal = JournalDirectory.in(StateDirectory.standard());
    private @Nullable Guards guards = Guards.fresh();
    private @Nullable Quiescer quiescer;
    private @Nullable QemuWay way;
    private boolean passFiles;
    private SnapshotListener listener = SnapshotListener.none();
    private final List<SnapshotMethod> methods = new ArrayList<>();
    private Services services = Services.none();

    private Builder() {}

    /**
     * The machine's monitor. Without one the disks are bare: files and volumes of a machine that
     * does not run, or of another hypervisor, by their paths. Then they have to be named, {@code
     * qemu} cannot cut them, and nothing can pause whoever writes to them.
     */
    public Builder monitor(QmpClient client) {
      monitor = client;
      return this;
    }

    /** The guest's agent; without one only unquiesced snapshots are possible. */
    public Builder agent(QgaClient client) {
      agent = client;
      quiescer = null;
      return this;
    }

    /** Why there is no agent to speak to; told as the reason where a snapshot goes on without. */
    public Builder noAgent(Failure why) {
      agent = null;
      quiescer =
          (order, deadline) -> CompletableFuture.completedFuture(new QuiesceCheck.Unavailable(why));
      return this;
    }

    /** How QEMU shall cut; the best that it can where nothing is said. */
    public Builder qemuWay(QemuWay chosen) {
      way = chosen;
      return this;
    }

    /**
     * Hands the overlays to QEMU open ({@code add-fd}), for one that may open no path itself. The
     * monitor must be a unix socket of QEMU's own, and the way {@link QemuWay#PREPARED}; otherwise
     * the result is a failure with {@link dev.stillpoint.core.snapshot.ErrorCode#BAD_REQUEST}, and
     * nothing was made.
     */
    public Builder passFiles() {
      passFiles = true;
      return this;
    }

    /**
     * Where the operation is written down, so that somebody else can finish it; without this, in
     * {@link StateDirectory#standard()}.
     */
    public Builder journal(Journal where) {
      journal = where;
      return this;
    }

    /**
     * Without a guard: should this process be killed or stopped while it owes a thaw or a resume,
     * nobody does that until {@link Recovery} runs.
     */
    public Builder withoutGuard() {
      guards = null;
      return this;
    }

    /**
     * Where the guards of operations come from; without a word, {@link Guards#fresh()}. They stay
     * the caller's to close.
     */
    public Builder guards(Guards from) {
      guards = from;
      return this;
    }

    /** Who hears of progress. */
    public Builder listener(SnapshotListener who) {
      listener = who;
      return this;
    }

    /**
     * A method of the caller's own, beside {@code qemu} and those that are installed, and before
     * these where they have the same name.
     */
    public Builder method(SnapshotMethod method) {
      methods.add(method);
      return this;
    }

    /** What installed methods may use; the clients are added. */
    public Builder services(Services handed) {
      services = handed;
      return this;
    }

    /** The engine. Without a monitor it is one for bare disks. */
    public SnapshotEngine build() {
      var parts =
          new EngineParts(
              Optional.ofNullable(monitor),
              Optional.ofNullable(agent),
              Optional.ofNullable(quiescer),
              Optional.ofNullable(way),
              passFiles,
              methods,
              services,
              listener,
              journal,
              Optional.ofNullable(guards));
      return new SnapshotEngine(parts, journal);
    }
  }
}
