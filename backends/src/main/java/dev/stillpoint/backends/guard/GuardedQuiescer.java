package dev.stillpoint.backends.guard;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * A quiescer whose freezers have a guard beside them. The guard starts with the check, so that it
 * is there when everything else is prepared. An agent that the guard could not reach by itself (it
 * is behind neither a unix socket nor TCP) is not guarded, and the result warns of that.
 */
public record GuardedQuiescer(Quiescer inner, QgaClient agent, OperationGuard guard)
    implements Quiescer {

  @Override
  public CompletionStage<QuiesceCheck> check(QuiesceOrder order, Deadline deadline) {
    return inner.check(order, deadline).thenApply(this::guarded);
  }

  private QuiesceCheck guarded(QuiesceCheck found) {
    return found instanceof QuiesceCheck.Ready ready ? guarded(ready) : found;
  }

  /** The same with a guard, as far as there can be one. */
  public QuiesceCheck.Ready guarded(QuiesceCheck.Ready ready) {
    if (GuardedLine.canReach(agent.endpoint().toString())) {
      return ready.by(new GuardedFreezer(ready.freezer(), agent, guard));
    }
    List<String> warnings = new ArrayList<>(ready.warnings());
    warnings.add(unguarded(agent.endpoint()));
    return ready.by(new PauseGuardedFreezer(ready.freezer(), guard)).withWarnings(warnings);
  }

  private static String unguarded(Endpoint endpoint) {
    return "no guard: it could not reach the agent at "
        + endpoint
        + " by itself; if this process is killed while the guest is frozen, 'stillpoint recover'"
        + " thaws it";
  }
}
