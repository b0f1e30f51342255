package dev.stillpoint.qmp;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.endpoint.PeerCredentials;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.qapi.EventData;
import dev.stillpoint.qmp.qapi.EventName;
import dev.stillpoint.qmp.transport.OtherClients;
import dev.stillpoint.qmp.transport.Transport;
import dev.stillpoint.qmp.wire.Json;
import dev.stillpoint.qmp.wire.Lines;
import dev.stillpoint.qmp.wire.Pending;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import java.io.FileDescriptor;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client of one monitor. Commands may be given from any thread; they are written in the order in
 * which they are given, and their futures complete on {@link QmpOptions#callbacks()}.
 */
public final class QmpClient implements AutoCloseable {
  /** Read as it stands: what a QEMU knows is looked up in it, and no type would tell more. */
  private static final String SCHEMA = "query-qmp-schema";

  /** How often a connect begins again where QEMU greets twice: it does that once in its life. */
  private static final int MAX_GREETED_TWICE = 2;

  private final Endpoint endpoint;
  private final Channel channel;
  private final QmpSession session;
  private final QmpGreeting greeting;
  private final QmpOptions options;
  private final AtomicLong ids = new AtomicLong();
  private final AtomicReference<@Nullable CompletableFuture<QmpSchema>> schema =
      new AtomicReference<>();
  private volatile @Nullable ArgumentGate gate;

  private QmpClient(
      Endpoint endpoint,
      Channel channel,
      QmpSession session,
      QmpGreeting greeting,
      QmpOptions options) {
    this.endpoint = endpoint;
    this.channel = channel;
    this.session = session;
    this.greeting = greeting;
    this.options = options;
  }

  /** Connects with {@link QmpOptions#defaults()}. */
  public static CompletableFuture<QmpClient> connect(Endpoint endpoint) {
    return connect(endpoint, QmpOptions.defaults());
  }

  /**
   * Connects, reads the greeting and ends the negotiation ({@code qmp_capabilities}). A QEMU that
   * is still setting the monitor up may greet twice and answer nothing then; it is connected to
   * anew, with the connect timeout for itself, two times at most.
   *
   * @return the client; exceptionally with a {@link
   *     dev.stillpoint.qmp.endpoint.ConnectFailedException} when there is no connection, or a
   *     {@link ProtocolException} when the other side is no monitor, or is one that another client
   *     holds
   */
  public static CompletableFuture<QmpClient> connect(Endpoint endpoint, QmpOptions options) {
    return connect(endpoint, () -> new QmpSession(options), options);
  }

  /**
   * Connects with a listener that misses nothing: it is told of events that come before the
   * negotiation has ended, too. It hears them until the connection ends.
   */
  public static CompletableFuture<QmpClient> connect(
      Endpoint endpoint, QmpOptions options, Consumer<QmpEvent> listener) {
    return connect(
        endpoint,
        () -> {
          var session = new QmpSession(options);
          session.subscribe(
              new QmpSubscription(
                  event -> true, listener, options.callbacks(), session::unsubscribe));
          return session;
        },
        options);
  }

  private static CompletableFuture<QmpClient> connect(
      Endpoint endpoint, Supplier<QmpSession> sessions, QmpOptions options) {
    return negotiated(endpoint, sessions, options, MAX_GREETED_TWICE)
        .thenCompose(QmpClient::prepareGate)
        // A failed connect completes on the event loop; the caller's code must not run there.
        .whenCompleteAsync((client, failure) -> {}, options.callbacks());
  }

  private static CompletableFuture<QmpClient> negotiated(
      Endpoint endpoint, Supplier<QmpSession> sessions, QmpOptions options, int again) {
    QmpSession session = sessions.get();
    var initializer =
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(Lines.decoder(), session);
          }
        };
    return Transport.connect(endpoint, options.connectTimeout(), initializer)
        .thenCompose(channel -> servedByWhom(endpoint, channel, options.peerUid()))
        .thenCompose(channel ->
            session
                .ready()
                .thenApply(greeting -> new QmpClient(endpoint, channel, session, greeting, options))
                .exceptionallyComposeAsync(
                    ignored ->
                        session.greetedTwice() && again > 0
                            ? negotiated(endpoint, sessions, options, again - 1)
                            : noMonitor(endpoint, session),
                    options.callbacks()));
  }

  private static CompletableFuture<Channel> servedByWhom(
      Endpoint endpoint, Channel channel, OptionalLong demanded) {
    Optional<PeerCredentials> peer = Transport.peer(channel);
    if (demanded.isEmpty()
        || peer.filter(known -> known.uid() == demanded.getAsLong()).isPresent()) {
      return CompletableFuture.completedFuture(channel);
    }
    var unused = channel.close();
    return CompletableFuture.failedFuture(
        new ConnectFailedException(
            endpoint,
            ConnectFailedException.Reason.WRONG_PEER,
            "it must be served by uid "
                + demanded.getAsLong()
                + peer.map(known -> " and is by uid " + known.uid())
                    .orElse(", and who serves it cannot be told"),
            null));
  }

  private static CompletableFuture<QmpClient> noMonitor(Endpoint endpoint, QmpSession session) {
    String stranger =
        OtherClients.areAt(endpoint)
            ? "; another client is connected there, and only one is served at a time"
            : "";
    return CompletableFuture.failedFuture(
        new ProtocolException(endpoint + ": " + session.ending() + stranger));
  }

  private static CompletableFuture<QmpClient> prepareGate(QmpClient client) {
    Consumer<UnknownArguments.LeftOut> report =
        client.options.unknownArguments() instanceof UnknownArguments.LeaveOut rule
            ? rule.report()
            : null;
    if (client.options.unknownArguments() instanceof UnknownArguments.Send) {
      return CompletableFuture.completedFuture(client);
    }
    return client
        .schema()
        .thenApply(known -> {
          client.gate = new ArgumentGate(known, report);
          return client;
        })
        .whenComplete((ready, failure) -> {
          if (failure != null) {
            client.close();
          }
        });
  }

  /**
   * What this QEMU knows ({@code query-qmp-schema}). Read once a connection, and kept only where it
   * could be read; equal schemas are shared by all clients of the process.
   */
  public CompletableFuture<QmpSchema> schema() {
    CompletableFuture<QmpSchema> known = schema.get();
    if (known != null && !known.isCompletedExceptionally()) {
      return known.copy();
    }
    CompletableFuture<QmpSchema> read = execute(SCHEMA, Json.object()).thenApply(QmpSchema::shared);
    schema.compareAndSet(known, read);
    return read.copy();
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

  /**
   * Who serves a unix endpoint; empty for other endpoints and once the connection has ended. {@link
   * QmpOptions#withPeerUid} demands one.
   */
  public Optional<PeerCredentials> peer() {
    return Transport.peer(channel);
  }

  /** What the monitor said first. */
  public QmpGreeting greeting() {
    return greeting;
  }

  /** Executes a command with the timeout of the options. */
  public <R> CompletableFuture<R> execute(QmpCommand<R> command) {
    return execute(command, options.commandTimeout());
  }

  /**
   * Executes a command.
   *
   * <p>Cancelling the future gives the command up: if it waits still it is not sent, and else its
   * reply is dropped and counted when it comes. QEMU cannot be told to stop a command.
   *
   * @param timeout from now to the reply; a reply that comes later is dropped and counted
   * @return the reply's value; exceptionally with a {@link
   *     dev.stillpoint.qmp.error.CommandException}
   */
  public <R> CompletableFuture<R> execute(QmpCommand<R> command, Duration timeout) {
    return valueOf(executeTimed(command, timeout));
  }

  /**
   * Executes a command at once, before those that QEMU has in its queue ({@code exec-oob}). QEMU
   * allows it for few commands, those that must help when the others hang.
   *
   * @return as {@link #execute(QmpCommand, Duration)}; not sent unless the client was connected
   *     {@linkplain QmpOptions#withOutOfBand with out-of-band execution} and the monitor offers it
   */
  public <R> CompletableFuture<R> executeOutOfBand(QmpCommand<R> command, Duration timeout) {
    return valueOf(pass(command, timeout, new Pending.Way.OutOfBand()));
  }

  /**
   * Executes a command that takes an open file ({@code add-fd}, {@code getfd}) and sends a
   * duplicate of the descriptor with it. One such command is on its way at a time.
   *
   * @param descriptor stays the caller's, who keeps it open until the future has completed
   * @return as {@link #execute(QmpCommand, Duration)}; not sent over what is no unix socket
   */
  public <R> CompletableFuture<R> executeWithDescriptor(
      QmpCommand<R> command, FileDescriptor descriptor, Duration timeout) {
    if (Transport.descriptor(channel).isEmpty()) {
      return CompletableFuture.failedFuture(
          new CommandException.NotSent(
              command.command(), "an open file can only be passed over a unix socket"));
    }
    return valueOf(pass(command, timeout, new Pending.Way.WithDescriptor(descriptor)));
  }

  /** Executes a command and tells when it was sent and answered. */
  public <R> CompletableFuture<Timed<R>> executeTimed(QmpCommand<R> command, Duration timeout) {
    return pass(command, timeout, new Pending.Way.InTurn());
  }

  /** Through the gate, where there is one, and on its way. */
  private <R> CompletableFuture<Timed<R>> pass(
      QmpCommand<R> command, Duration timeout, Pending.Way way) {
    ArgumentGate open = gate;
    if (open != null) {
      try {
        return submit(open.pass(command), timeout, way);
      } catch (CommandException.Unsupported unsupported) {
        return CompletableFuture.failedFuture(unsupported);
      }
    }
    return submit(command, timeout, way);
  }

  private <R> CompletableFuture<Timed<R>> submit(
      QmpCommand<R> command, Duration timeout, Pending.Way way) {
    var pending = new Pending<>(command, ids.incrementAndGet(), timeout, options.callbacks(), way);
    channel.eventLoop().execute(() -> session.submit(pending));
    CompletableFuture<Timed<R>> reply = pending.reply();
    var unused =
        reply.whenComplete((value, failure) -> {
          if (reply.isCancelled()) {
            channel.eventLoop().execute(() -> session.cancel(pending));
          }
        });
    return reply;
  }

  private static <R> CompletableFuture<R> valueOf(CompletableFuture<Timed<R>> timed) {
    CompletableFuture<R> value = timed.thenApply(Timed::value);
    var unused =
        value.whenComplete((done, failure) -> {
          if (value.isCancelled()) {
            timed.cancel(false);
          }
        });
    return value;
  }

  /** Executes a command by its name, for what has no record here. */
  public CompletableFuture<JsonNode> execute(String command, ObjectNode arguments) {
    return execute(command, arguments, options.commandTimeout());
  }

  /** Executes a command by its name, with a timeout of its own. */
  public CompletableFuture<JsonNode> execute(
      String command, ObjectNode arguments, Duration timeout) {
    return execute(new Untyped(command, arguments), timeout);
  }

  /**
   * Tells a listener of events from now on, in order, on {@link QmpOptions#callbacks()}.
   *
   * @return to end it, and to learn how many events a slow listener lost
   */
  public QmpSubscription events(Consumer<QmpEvent> listener) {
    return subscribe(event -> true, listener);
  }

  /** Tells a listener of the events by these names alone; no other takes a place in its queue. */
  public QmpSubscription events(Set<String> names, Consumer<QmpEvent> listener) {
    Set<String> wanted = Set.copyOf(names);
    return subscribe(event -> wanted.contains(event.name()), listener);
  }

  private QmpSubscription subscribe(Predicate<QmpEvent> filter, Consumer<QmpEvent> listener) {
    var subscription =
        new QmpSubscription(filter, listener, options.callbacks(), session::unsubscribe);
    session.subscribe(subscription);
    return subscription;
  }

  /**
   * The same for one kind of event. One whose content cannot be read as the type is not told.
   *
   * @param type a generated type, which has an {@link EventName}
   */
  public <E extends EventData> QmpSubscription events(Class<E> type, Consumer<E> listener) {
    return events(event -> event.as(type).ifPresent(listener));
  }

  /** How many replies came after their command's timeout. */
  public long lateReplies() {
    return session.lateReplies();
  }

  /** Whether commands can still be sent, as far as is known. */
  public boolean isOpen() {
    return !session.isOver();
  }

  /** Completes when the connection has ended, whoever ended it. */
  public CompletionStage<Void> closed() {
    return session.closed().minimalCompletionStage();
  }

  /** Why the connection has ended, for a person; empty while it has not. */
  public Optional<String> ending() {
    return isOpen() ? Optional.empty() : Optional.of(session.ending());
  }

  /** Ends the connection; every command without a reply fails. Does not wait. */
  @Override
  public void close() {
    session.close();
  }

  private record Untyped(String command, @JsonValue ObjectNode arguments)
      implements QmpCommand<JsonNode> {
    @Override
    public Type resultType() {
      return JsonNode.class;
    }
  }
}
