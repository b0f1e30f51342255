package dev.stillpoint.backends.guard;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.qga.QgaClient;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;

/**
 * A quiescer whose freezers have a guard beside them. The guard starts with the check, so that it
 * is there when everything else is prepared.
 *
 * @param journal the operation's file
 */
public record GuardedQuiescer(Quiescer inner, QgaClient agent, String operationId, Path journal)
    implements Quiescer {

  @Override
  public CompletionStage<QuiesceCheck> check(QuiesceOrder order, Deadline deadline) {
    return inner.check(order, deadline).thenApply(this::guarded);
  }

  private QuiesceCheck guarded(QuiesceCheck found) {
    return found instanceof QuiesceCheck.Ready ready
        ? new QuiesceCheck.Ready(
            GuardedFreezer.guarded(ready.freezer(), operationId, journal, agent),
            ready.notCovered(),
            ready.warnings(),
            ready.pace())
        : found;
  }
}
