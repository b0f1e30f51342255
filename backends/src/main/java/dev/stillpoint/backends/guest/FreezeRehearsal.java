package dev.stillpoint.backends.guest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Freezes and thaws nobody, once in a process, so that every class and lambda of a freezer is
 * loaded before a guest stands still for the first time.
 */
final class FreezeRehearsal {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private FreezeRehearsal() {}

  /**
   * Rehearses, the first time it is called in this process. Blocks nobody: nothing is waited for.
   */
  static void once() {
    Lazy.DONE.run();
  }

  private static final class Lazy {
    static final Runnable DONE = rehearse();

    private static Runnable rehearse() {
      var agent = new Pretender();
      var freezer =
          new AgentFreezer(agent, FreezePlan.everything(List.of()), false, Optional.empty());
      var frozen = freezer.freeze(Deadline.after(PATIENCE)).toCompletableFuture();
      agent.answer(LongNode.valueOf(1));
      frozen.join();
      var thawed = freezer.thaw(Deadline.after(PATIENCE)).toCompletableFuture();
      agent.answer(LongNode.valueOf(1));
      agent.answer(TextNode.valueOf("thawed"));
      thawed.join();
      freezer.release();
      return () -> {};
    }
  }

  /** Answers when it is told to: a reply that is there already would go another way. */
  private static final class Pretender implements AgentLine {
    private final ArrayDeque<Consumer<JsonNode>> asked = new ArrayDeque<>();

    @Override
    public <R> CompletableFuture<Timed<R>> executeTimed(QgaCommand<R> command, Duration timeout) {
      var reply = new CompletableFuture<Timed<R>>();
      asked.add(value -> reply.complete(new Timed<>(QgaClient.rehearse(command, value), 0, 0)));
      return reply;
    }

    void answer(JsonNode value) {
      asked.remove().accept(value);
    }

    @Override
    public CompletableFuture<Void> synchronise(Duration timeout) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public Optional<ProcessIdentity> qemu() {
      return Optional.empty();
    }

    @Override
    public Endpoint endpoint() {
      throw new IllegalStateException("a rehearsal has no endpoint");
    }

    @Override
    public void close() {}
  }
}
