package dev.stillpoint.testkit.proxy;

import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.proxy.Fault.Cut;
import dev.stillpoint.testkit.proxy.Fault.None;
import dev.stillpoint.testkit.proxy.Fault.Precede;
import dev.stillpoint.testkit.proxy.Moment.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A proxy between clients and the unix socket of a guest, its agent's or a monitor's, with faults
 * that a test switches on. Without any it changes nothing:
 *
 * <pre>{@code
 * try (FaultProxy proxy = FaultProxy.before(guest.agent())) {
 *   Trap lost = proxy.arm(Moment.replyTo("guest-fsfreeze-freeze"), Fault.drop());
 *   // a client freezes through proxy.socket()
 *   lost.await(Duration.ofSeconds(10)); // frozen, and the client does not know
 * }
 * }</pre>
 *
 * <p>Every client gets a connection of its own to the server, so that the server queues them as it
 * does without the proxy; one that the server would refuse is closed. Lines go on when they are
 * whole, and the rest when the client leaves. Replies are told apart by the id that they echo, else
 * by their order. Descriptors (SCM_RIGHTS) are not passed on, and the peer that a client sees is
 * this JVM.
 *
 * <p>A freeze passes only while the process behind the target's socket is a QEMU of this kit, and
 * {@link AgentSafety} knows the proxy. The socket stands beside the target's and goes with {@link
 * #close}, or with the guest's directory. Methods may be called from any thread.
 */
public final class FaultProxy implements AutoCloseable {
  private static final Duration END_LIMIT = Duration.ofSeconds(10);
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Path socket;
  private final Path target;
  private final Rules rules;
  private final Selector selector;
  private final ServerSocketChannel listener;
  private final Thread thread;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final List<Link> links = new ArrayList<>();
  private volatile boolean closing;
  private volatile @Nullable Exception failure;

  private FaultProxy(Path socket, Path target) throws IOException {
    this.socket = socket;
    this.target = target;
    this.rules = new Rules(target);
    this.selector = Selector.open();
    this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    this.thread = new Thread(this::run, "stillpoint-proxy");
    thread.setDaemon(true);
    try {
      listener.bind(UnixDomainSocketAddress.of(socket));
      listener.configureBlocking(false);
      listener.register(selector, SelectionKey.OP_ACCEPT);
    } catch (IOException e) {
      listener.close();
      selector.close();
      throw e;
    }
  }

  /**
   * Starts a proxy before this socket of a guest or of another QEMU of the kit.
   *
   * @throws AgentSafety.UnsafeAgentException if no QEMU of this kit listens there
   */
  public static FaultProxy before(Path target) {
    FaultProxy proxy = unvouched(target);
    try {
      AgentSafety.admitProxy(proxy.socket(), target);
      return proxy;
    } catch (RuntimeException e) {
      proxy.close();
      throw e;
    }
  }

  /** Starts a proxy before the guest's agent. */
  public static FaultProxy beforeAgent(Guest guest) {
    return before(guest.agent());
  }

  /** The same before anybody: no freeze passes, and the proxy is not safe for one. */
  static FaultProxy unvouched(Path target) {
    Path socket = target.resolveSibling("proxy-%d.sock".formatted(COUNT.incrementAndGet()));
    try {
      var proxy = new FaultProxy(socket, target);
      proxy.thread.start();
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where clients connect. */
  public Path socket() {
    return socket;
  }

  /**
   * Arms a fault for a moment to come. Of several that meet in one line the first armed acts; those
   * that do nothing are told in any case.
   *
   * @throws IllegalArgumentException if the fault needs a line, and the moment is a connection
   */
  public Trap arm(Moment moment, Fault fault) {
    boolean withoutLine = fault instanceof None || fault instanceof Precede || fault instanceof Cut;
    if (moment.kind() == Kind.CONNECTED && !withoutLine) {
      throw new IllegalArgumentException("a connection has no line for " + fault);
    }
    if (fault instanceof Precede bytes && !rules.mayGo(bytes.latin1())) {
      throw new IllegalArgumentException("nobody vouches for the agent that this would freeze");
    }
    var trap = new Trap(moment, fault, selector::wakeup);
    rules.arm(trap);
    return trap;
  }

  /** Changes nothing, and tells when the moment has come. */
  public Trap watch(Moment moment) {
    return arm(moment, Fault.none());
  }

  /** Cuts every connection that there is now; returns when that is done. */
  public void cutNow(Side side) {
    inLoop(() -> {
      links.forEach(link -> link.cut(side));
      letGo();
    });
  }

  /**
   * Writes on every connection that there is now what nobody has said.
   *
   * @param latin1 each character is one byte; write line ends yourself
   */
  public void injectNow(Direction direction, String latin1) {
    if (direction == Direction.TO_SERVER && !rules.mayGo(latin1)) {
      throw new IllegalArgumentException("nobody vouches for the agent that this would freeze");
    }
    inLoop(() -> links.forEach(link -> link.inject(direction, latin1)));
  }

  /** How many connections there are now, those with one end cut included. */
  public int connections() {
    return inLoop(() -> {}, () -> (int) links.stream().filter(Link::isOpen).count());
  }

  /** What has passed, in order, the last 500 lines of it: for a message when a test fails. */
  public List<String> history() {
    return rules.history();
  }

  private void inLoop(Runnable action) {
    inLoop(action, () -> 0);
  }

  private int inLoop(Runnable action, IntSupplier result) {
    var done = new CompletableFuture<Integer>();
    tasks.add(() -> {
      action.run();
      done.complete(result.getAsInt());
    });
    selector.wakeup();
    try {
      return done.get(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the proxy has ended", failure == null ? e : failure);
    }
  }

  /** A closed channel keeps its descriptor until the selector looks again. */
  private void letGo() {
    try {
      selector.selectNow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void run() {
    try {
      while (!closing) {
        turn();
      }
    } catch (IOException | RuntimeException e) {
      failure = e;
    } finally {
      links.forEach(Link::close);
    }
  }

  private void turn() throws IOException {
    selector.select();
    selector.selectedKeys().clear();
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
    for (SocketChannel client = listener.accept(); client != null; client = listener.accept()) {
      connect(client);
    }
    links.forEach(link -> link.turn(selector));
    links.removeIf(link -> !link.isOpen());
  }

  private void connect(SocketChannel client) throws IOException {
    client.configureBlocking(false);
    SocketChannel server = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.configureBlocking(false);
      server.connect(UnixDomainSocketAddress.of(target));
    } catch (IOException gone) {
      // Nobody listens any more, or its queue is full; the client sees the end at once.
      server.close();
      client.close();
      return;
    }
    links.add(new Link(client, server, rules, selector));
  }

  /**
   * Ends every connection and the thread, and removes the socket. A second call does nothing.
   *
   * @throws IllegalStateException if the proxy had failed by itself
   */
  @Override
  public void close() {
    closing = true;
    selector.wakeup();
    try {
      thread.join(END_LIMIT);
      listener.close();
      selector.close();
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      AgentSafety.dismissProxy(socket);
    }
    if (failure != null) {
      throw new IllegalStateException("the proxy failed", failure);
    }
  }
}
