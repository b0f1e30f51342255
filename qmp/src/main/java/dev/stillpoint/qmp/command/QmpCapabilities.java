package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code qmp_capabilities}: ends the negotiation.
 *
 * @param enable the capabilities to enable, such as {@code oob}; null for none
 */
public record QmpCapabilities(@Nullable List<String> enable) implements QmpCommand<Void> {
  /** Enables nothing. */
  public QmpCapabilities() {
    this(null);
  }

  @Override
  public String command() {
    return "qmp_capabilities";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
