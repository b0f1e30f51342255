package dev.stillpoint.backends.guest;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** What a freezer needs of an agent's client; a rehearsal has one that only pretends. */
interface AgentLine {
  <R> CompletableFuture<Timed<R>> executeTimed(QgaCommand<R> command, Duration timeout);

  CompletableFuture<Void> synchronise(Duration timeout);

  boolean isOpen();

  /**
   * The QEMU that serves the connection itself; empty where somebody else does, or nobody knows.
   */
  Optional<ProcessIdentity> qemu();

  Endpoint endpoint();

  void close();

  /** The real one. */
  static AgentLine of(QgaClient client) {
    return new Real(client);
  }

  /** A client and nothing more; no record, whose equality is made up where it is first used. */
  final class Real implements AgentLine {
    private final QgaClient client;

    private final Optional<ProcessIdentity> qemu;

    private Real(QgaClient client) {
      this.client = client;
      OptionalLong pid = client.peerPid();
      // Asked for now: a connection that has ended does not tell any more.
      this.qemu = pid.isPresent() ? ProcessIdentity.ofQemu(pid.getAsLong()) : Optional.empty();
    }

    @Override
    public Optional<ProcessIdentity> qemu() {
      return qemu;
    }

    @Override
    public <R> CompletableFuture<Timed<R>> executeTimed(QgaCommand<R> command, Duration timeout) {
      return client.executeTimed(command, timeout);
    }

    @Override
    public CompletableFuture<Void> synchronise(Duration timeout) {
      return client.synchronise(timeout);
    }

    @Override
    public boolean isOpen() {
      return client.isOpen();
    }

    @Override
    public Endpoint endpoint() {
      return client.endpoint();
    }

    @Override
    public void close() {
      client.close();
    }
  }
}
