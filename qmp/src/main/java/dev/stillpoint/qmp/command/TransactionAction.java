package dev.stillpoint.qmp.command;

import java.util.Map;

/** One action of a {@link Transaction}: its type and the arguments of the command of that name. */
public record TransactionAction(String type, Object data) {

  /** The action that makes every transaction fail, for a rehearsal. */
  public static TransactionAction abort() {
    return new TransactionAction("abort", Map.of());
  }

  /** A command as an action; only commands that QEMU takes in a transaction make sense. */
  public static TransactionAction of(QmpCommand<Void> command) {
    return new TransactionAction(command.command(), command);
  }
}
