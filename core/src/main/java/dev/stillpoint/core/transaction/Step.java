package dev.stillpoint.core.transaction;

import java.util.List;

/** The answer of the machine: where it stands now, and what is to be done. */
public record Step(State state, List<Effect> effects) {

  /** Copies the list. */
  public Step {
    effects = List.copyOf(effects);
  }

  static Step to(State state, Effect... effects) {
    return new Step(state, List.of(effects));
  }

  /** This step with more to do after what it has. */
  Step then(Effect... more) {
    var all = new java.util.ArrayList<>(effects);
    all.addAll(List.of(more));
    return new Step(state, all);
  }
}
