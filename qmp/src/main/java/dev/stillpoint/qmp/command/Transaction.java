package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** {@code transaction}: all actions or none; one error that does not say which failed. */
public record Transaction(List<TransactionAction> actions) implements QmpCommand<Void> {
  /**
   * Keeps every list in one class, however long it is: the encoder learns each class of list anew,
   * and would do so in the hold if the rehearsal's were another than the cut's.
   */
  public Transaction {
    actions = Collections.unmodifiableList(new ArrayList<>(actions));
  }

  @Override
  public String command() {
    return "transaction";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
