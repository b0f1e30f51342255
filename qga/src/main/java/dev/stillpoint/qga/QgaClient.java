package dev.stillpoint.qga;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qga.qapi.GuestPing;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.transport.OtherClients;
import dev.stillpoint.qmp.transport.Transport;
import dev.stillpoint.qmp.wire.Json;
import dev.stillpoint.qmp.wire.Lines;
import dev.stillpoint.qmp.wire.Pending;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import java.io.FileDescriptor;
import java.lang.reflect.Type;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client of one guest agent. One command is in flight at a time; the others wait in order. From
 * any thread; futures complete on {@link QgaOptions#callbacks()}.
 *
 * <p>Never connect it to an agent that runs on this very host and freeze: that freezes the host.
 */
public final class QgaClient implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Endpoint endpoint;
  private final Channel channel;
  private final QgaSession session;
  private final QgaOptions options;
  private final AtomicLong ids;

  private QgaClient(Endpoint endpoint, Channel channel, QgaSession session, QgaOptions options) {
    this.endpoint = endpoint;
    this.channel = channel;
    this.session = session;
    this.options = options;
    // An earlier client's replies may still come: our ids begin somewhere else.
    this.ids = new AtomicLong(RANDOM.nextInt(1 << 20) * 1000L);
  }

  /** Connects with {@link QgaOptions#defaults()}. */
  public static CompletableFuture<QgaClient> connect(Endpoint endpoint) {
    return connect(endpoint, QgaOptions.defaults());
  }

  /**
   * Connects and brings the stream into step ({@code guest-sync-delimited}).
   *
   * @return the client; exceptionally with a {@link
   *     dev.stillpoint.qmp.endpoint.ConnectFailedException} when there is no connection, or with an
   *     {@link AgentUnavailableException} when no agent answers behind it
   */
  public static CompletableFuture<QgaClient> connect(Endpoint endpoint, QgaOptions options) {
    var session = new QgaSession(options.callbacks(), QgaClient::freshSyncId, options.wireLog());
    var initializer =
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(Lines.decoder(), session);
          }
        };
    return Transport.connect(endpoint, options.connectTimeout(), initializer)
        .thenApply(channel -> new QgaClient(endpoint, channel, session, options))
        .thenCompose(QgaClient::inStep)
        // A failed connect completes on the event loop; the caller's code must not run there.
        .whenCompleteAsync((client, failure) -> {}, options.callbacks());
  }

  private CompletableFuture<QgaClient> inStep() {
    return synchronise(options.connectTimeout())
        .thenApply(done -> this)
        .exceptionallyCompose(this::unavailable);
  }

  private CompletableFuture<QgaClient> unavailable(Throwable thrown) {
    // While we are connected still, or we would not know whether we are the only one.
    boolean stranger = OtherClients.areAt(endpoint);
    close();
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    return CompletableFuture.failedFuture(
        new AgentUnavailableException(
            "no guest agent answers at "
                + endpoint
                + (stranger
                    ? ": another client is connected there, and only one is served at a time"
                    : ": it does not run, or the guest is stopped or not up yet")
                + " ("
                + cause.getMessage()
                + ")",
            cause));
  }

  private static long freshSyncId() {
    return RANDOM.nextLong() >>> 1;
  }

  /** Where this client is connected to. */
  public Endpoint endpoint() {
    return endpoint;
  }

  /**
   * The process that serves a unix endpoint, such as QEMU's; empty for other endpoints and once the
   * connection has ended.
   */
  public OptionalLong peerPid() {
    return Transport.peerPid(channel);
  }

  /**
   * The descriptor of a unix endpoint's connection, to pass a duplicate of it to whoever is to go
   * on where this process was killed; empty for other endpoints. Nobody may read from it or write
   * to it while this client lives.
   */
  public Optional<FileDescriptor> descriptor() {
    return Transport.descriptor(channel);
  }

  /** Executes a command with the timeout of the options. */
  public <R> CompletableFuture<R> execute(QgaCommand<R> command) {
    return execute(command, options.commandTimeout());
  }

  /**
   * Executes a command. After a timeout the next command is preceded by a synchronisation on the
   * same connection.
   *
   * @param timeout from now to the reply, the wait for other commands included
   * @return the reply's value; exceptionally with a {@link
   *     dev.stillpoint.qmp.error.CommandException}
   */
  public <R> CompletableFuture<R> execute(QgaCommand<R> command, Duration timeout) {
    return executeTimed(command, timeout).thenApply(Timed::value);
  }

  /** Executes a command and tells when it was sent and answered. */
  public <R> CompletableFuture<Timed<R>> executeTimed(QgaCommand<R> command, Duration timeout) {
    var pending = new Pending<>(command, ids.incrementAndGet(), timeout, options.callbacks());
    channel.eventLoop().execute(() -> session.submit(pending));
    return pending.reply();
  }

  /** Executes a command by its name, for what has no record here. */
  public CompletableFuture<JsonNode> execute(
      String command, ObjectNode arguments, Duration timeout) {
    return execute(new Untyped(command, arguments), timeout);
  }

  /**
   * Does what {@link #executeTimed} does before it sends and after it has heard, and sends nothing:
   * what the JVM must load and learn for a command is then there when time counts.
   *
   * @param reply what an agent would answer
   * @return what that is read as
   */
  public static <R> R rehearse(QgaCommand<R> command, JsonNode reply) {
    var unused = new Pending<>(command, 0, Duration.ZERO, Runnable::run).line();
    return Json.bind(reply, command);
  }

  /**
   * Brings the stream into step again, on the same connection, and shows that the agent answers:
   * {@code guest-sync-delimited}, then {@code guest-ping}. A command that is in flight is given up:
   * it fails as one that may have run.
   */
  public CompletableFuture<Void> synchronise(Duration timeout) {
    var pending =
        new Pending<>(new GuestPing(), ids.incrementAndGet(), timeout, options.callbacks());
    channel
        .eventLoop()
        .execute(() -> {
          session.doubt();
          session.submit(pending);
        });
    return pending.reply().thenAccept(done -> {});
  }

  /** Whether commands can still be sent, as far as is known. */
  public boolean isOpen() {
    return !session.closed().isDone();
  }

  /** Completes when the connection has ended, whoever ended it. */
  public CompletionStage<Void> closed() {
    return session.closed().minimalCompletionStage();
  }

  /** Ends the connection; every command without a reply fails. Not while a thaw is owed. */
  @Override
  public void close() {
    session.close();
  }

  private record Untyped(String command, @JsonValue ObjectNode arguments)
      implements QgaCommand<JsonNode> {
    @Override
    public Type resultType() {
      return JsonNode.class;
    }

    /** Without the arguments, which may hold a password. */
    @Override
    public String toString() {
      return command;
    }
  }
}
