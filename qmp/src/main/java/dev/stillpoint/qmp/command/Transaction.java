package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;
import java.util.List;

/** {@code transaction}: all actions or none; one error that does not say which failed. */
public record Transaction(List<TransactionAction> actions) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "transaction";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
