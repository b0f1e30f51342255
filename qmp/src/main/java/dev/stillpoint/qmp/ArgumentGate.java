package dev.stillpoint.qmp;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.command.SchemaFindings;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.wire.Json;
import java.lang.reflect.Type;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a command must pass before it is sent, where the options say that it is looked at. */
final class ArgumentGate {
  private final QmpSchema schema;
  private final @Nullable Consumer<UnknownArguments.LeftOut> report;

  /** A gate that refuses where there is nobody to report to. */
  ArgumentGate(QmpSchema schema, @Nullable Consumer<UnknownArguments.LeftOut> report) {
    this.schema = schema;
    this.report = report;
  }

  /**
   * The command as it is to be sent.
   *
   * @throws CommandException.Unsupported where it must not be sent
   */
  <R> QmpCommand<R> pass(QmpCommand<R> command) {
    String name = command.command();
    if (!schema.hasCommand(name)) {
      throw new CommandException.Unsupported(name, List.of());
    }
    if (!(Json.tree(command) instanceof ObjectNode arguments)) {
      return command;
    }
    SchemaFindings findings = schema.check(name, arguments);
    if (findings.allKnown()) {
      return command;
    }
    if (report == null || !findings.canLeaveOut()) {
      throw new CommandException.Unsupported(name, findings.paths());
    }
    report.accept(new UnknownArguments.LeftOut(name, findings.unknownMembers()));
    return new Trimmed<>(name, findings.arguments(), command.resultType());
  }

  private record Trimmed<R>(String command, @JsonValue ObjectNode arguments, Type resultType)
      implements QmpCommand<R> {}
}
