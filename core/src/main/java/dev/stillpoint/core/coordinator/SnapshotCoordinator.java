package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.transaction.TransactionRunner;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots of one machine: brings the guest to rest, has all methods cut at one instant, and
 * lets the guest go, whatever happens on the way. Needs no hypervisor of a certain kind: those who
 * quiesce, pause and cut are handed in. Immutable; safe for use by several threads, though {@link
 * #start} may be called for one machine only once at a time.
 */
public final class SnapshotCoordinator {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int ID_BYTES = 4;

  private final Optional<Quiescer> quiescer;
  private final Optional<Pauser> pauser;
  private final DiskLocator locator;
  private final MethodSet methods;
  private final SnapshotListener listener;
  private final Journal journal;
  private final Function<Deadline, CompletionStage<MachineIdentity>> machine;

  private SnapshotCoordinator(Builder builder) {
    this.quiescer = Optional.ofNullable(builder.quiescer);
    this.pauser = Optional.ofNullable(builder.pauser);
    this.locator = builder.locator;
    this.methods = builder.methodSet();
    this.listener = builder.listener;
    this.journal = builder.journal;
    this.machine = builder.machine;
  }

  /** A coordinator to be put together; at least one method is required. */
  public static Builder builder() {
    return new Builder();
  }

  /** A fresh operation id: eight hexadecimal digits. */
  public static String newOperationId() {
    byte[] bits = new byte[ID_BYTES];
    RANDOM.nextBytes(bits);
    return HexFormat.of().formatHex(bits);
  }

  /** Begins a snapshot as {@link #start(String, SnapshotRequest)} does, under a fresh id. */
  public SnapshotOperation start(SnapshotRequest request) {
    return start(newOperationId(), request);
  }

  /**
   * Begins a snapshot and returns at once. The operation runs on a thread of its own, which keeps
   * the process alive until the guest is let go.
   *
   * @param id from {@link #newOperationId()}, for a caller who has to name the operation before it
   *     begins
   */
  public SnapshotOperation start(String id, SnapshotRequest request) {
    HoldRehearsal.once();
    var scribe = new Scribe(id, request, journal, machine);
    var crew = new Crew(id, request, quiescer, pauser, locator, methods, scribe);
    return launch(id, request, crew, listener);
  }

  static SnapshotOperation launch(
      String id, SnapshotRequest request, Crew crew, SnapshotListener listener) {
    ScheduledExecutorService thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("stillpoint-" + id).factory());
    ExecutorService teller =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("stillpoint-listener-" + id).daemon().factory());
    var runner = new TransactionRunner(id, request, crew, thread, listener, teller);
    runner.start();
    return new RunningOperation(id, runner);
  }

  /** Puts a coordinator together. Not safe for use by several threads. */
  public static final class Builder {
    private final List<SnapshotMethod> methods = new ArrayList<>();
    private @Nullable Services services;
    private DiskLocator locator = DiskLocator.byName();
    private @Nullable Quiescer quiescer;
    private @Nullable Pauser pauser;
    private SnapshotListener listener = SnapshotListener.none();
    private Journal journal = Journal.none();
    private Function<Deadline, CompletionStage<MachineIdentity>> machine =
        deadline -> CompletableFuture.completedFuture(MachineIdentity.unknown());

    private Builder() {}

    /** Who freezes and thaws; without one, only unquiesced snapshots are possible. */
    public Builder quiescer(Quiescer who) {
      quiescer = who;
      return this;
    }

    /** Who pauses; without one, cuts by several methods are not one instant. */
    public Builder pauser(Pauser who) {
      pauser = who;
      return this;
    }

    /** Adds a method; the first one added is the default. */
    public Builder method(SnapshotMethod method) {
      methods.add(method);
      return this;
    }

    /**
     * Adds every method that is installed, after those that were added by name: those whose {@link
     * dev.stillpoint.core.spi.SnapshotMethodProvider} is found on the class path or module path.
     *
     * @param handed what they may use
     */
    public Builder installedMethods(Services handed) {
      services = handed;
      return this;
    }

    /** Who knows the machine's disks; without one, a disk is what its name says. */
    public Builder locator(DiskLocator who) {
      locator = who;
      return this;
    }

    private MethodSet methodSet() {
      return services == null ? MethodSet.of(methods) : MethodSet.installed(methods, services);
    }

    /** Who hears of progress. */
    public Builder listener(SnapshotListener who) {
      listener = who;
      return this;
    }

    /** How to find out which machine it is, for the journal; asked once an operation. */
    public Builder machine(Function<Deadline, CompletionStage<MachineIdentity>> identify) {
      machine = identify;
      return this;
    }

    /** Where operations are written down; without it, nowhere. */
    public Builder journal(Journal where) {
      journal = where;
      return this;
    }

    /**
     * The coordinator.
     *
     * @throws IllegalStateException without any method
     * @throws IllegalArgumentException when two methods that were added have one name
     */
    public SnapshotCoordinator build() {
      var coordinator = new SnapshotCoordinator(this);
      if (coordinator.methods.names().isEmpty()) {
        throw new IllegalStateException("a coordinator needs at least one snapshot method");
      }
      return coordinator;
    }
  }
}
