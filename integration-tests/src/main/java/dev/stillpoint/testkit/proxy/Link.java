package dev.stillpoint.testkit.proxy;

import dev.stillpoint.testkit.proxy.Fault.Cut;
import dev.stillpoint.testkit.proxy.Fault.Drop;
import dev.stillpoint.testkit.proxy.Fault.Duplicate;
import dev.stillpoint.testkit.proxy.Fault.InPieces;
import dev.stillpoint.testkit.proxy.Fault.None;
import dev.stillpoint.testkit.proxy.Fault.Precede;
import dev.stillpoint.testkit.proxy.Fault.SplitAt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One client, and its own connection to the server. For the proxy's thread only. */
final class Link {
  private final SocketChannel client;
  private final SocketChannel server;
  private final Rules rules;
  private final Conversation conversation = new Conversation();
  private final Flow up;
  private final Flow down;

  /** The ends that a fault has cut: {@link Side#CLIENT}, {@link Side#SERVER}, or both of them. */
  private final Set<Side> cut = EnumSet.noneOf(Side.class);

  Link(SocketChannel client, SocketChannel server, Rules rules, Selector selector)
      throws IOException {
    this.client = client;
    this.server = server;
    this.rules = rules;
    this.up = new Flow(client, server);
    this.down = new Flow(server, client);
    client.register(selector, SelectionKey.OP_READ);
    server.register(selector, SelectionKey.OP_READ);
    pass(down, Message.CONNECTED);
  }

  /** Does all that can be done now, without waiting. */
  void turn(Selector selector) {
    up.resume();
    down.resume();
    up.read();
    down.read();
    passLines(Direction.TO_SERVER);
    passLines(Direction.TO_CLIENT);
    boolean taken = up.flush() && down.flush();
    if (isOpen() && cut.isEmpty() && (!taken || up.finished() || down.finished())) {
      close();
    }
    // With one end cut, only the other end's leaving is left to wait for.
    if ((cut.contains(Side.CLIENT) && down.ended()) || (cut.contains(Side.SERVER) && up.ended())) {
      close();
    }
    if (isOpen()) {
      interest(selector);
    }
  }

  private void interest(Selector selector) {
    set(client.keyFor(selector), up.wantsToRead(), down.wantsToWrite());
    set(server.keyFor(selector), down.wantsToRead(), up.wantsToWrite());
  }

  private static void set(@Nullable SelectionKey key, boolean read, boolean write) {
    if (key != null && key.isValid()) {
      key.interestOps((read ? SelectionKey.OP_READ : 0) | (write ? SelectionKey.OP_WRITE : 0));
    }
  }

  private void passLines(Direction direction) {
    Flow flow = direction == Direction.TO_SERVER ? up : down;
    for (String line = flow.nextLine(); line != null; line = flow.nextLine()) {
      if (!cut.isEmpty()) {
        continue;
      }
      if (direction == Direction.TO_CLIENT) {
        pass(flow, conversation.reply(line));
      } else if (rules.mayGo(line)) {
        pass(flow, conversation.request(line));
      } else {
        down.write(Rules.REFUSAL, () -> {});
      }
    }
  }

  private void pass(Flow flow, Message message) {
    List<Trap> hits = rules.hits(message);
    Runnable sprung = () -> hits.forEach(trap -> trap.spring(message));
    for (Trap trap : hits) {
      if (!(trap.fault() instanceof None)) {
        apply(trap, flow, message, sprung);
        return;
      }
    }
    forward(flow, message, sprung);
  }

  private void apply(Trap trap, Flow flow, Message message, Runnable sprung) {
    String text = message.text();
    switch (trap.fault()) {
      case None ignored -> forward(flow, message, sprung);
      case Drop ignored -> sprung.run();
      case SplitAt split -> {
        conversation.sent(message);
        int at = Math.min(split.bytes(), text.length());
        flow.write(text.substring(0, at), sprung);
        flow.stall(trap, text.substring(at));
      }
      case InPieces pieces -> {
        conversation.sent(message);
        for (int at = 0; at < text.length(); at += pieces.bytes()) {
          int end = Math.min(at + pieces.bytes(), text.length());
          flow.write(text.substring(at, end), end == text.length() ? sprung : () -> {});
        }
      }
      case Duplicate ignored -> {
        forward(flow, message, () -> {});
        forward(flow, message, sprung);
      }
      case Precede bytes -> {
        flow.write(bytes.latin1(), () -> {});
        forward(flow, message, sprung);
      }
      case Cut end -> {
        Runnable cutting =
            () -> {
              cut(end.side());
              sprung.run();
            };
        if (end.forward()) {
          forward(flow, message, cutting);
        } else {
          cutting.run();
        }
      }
    }
  }

  private void forward(Flow flow, Message message, Runnable sprung) {
    conversation.sent(message);
    flow.write(message.text(), sprung);
  }

  /** Writes to one end what the other never said. */
  void inject(Direction direction, String latin1) {
    Flow flow = direction == Direction.TO_SERVER ? up : down;
    flow.write(latin1, () -> {});
  }

  void cut(Side side) {
    if (side == Side.BOTH) {
      close();
      return;
    }
    cut.add(side);
    up.discard();
    down.discard();
    close(side == Side.CLIENT ? client : server);
    if (cut.contains(Side.CLIENT) && cut.contains(Side.SERVER)) {
      close();
    }
  }

  boolean isOpen() {
    return client.isOpen() || server.isOpen();
  }

  void close() {
    up.discard();
    down.discard();
    close(client);
    close(server);
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
