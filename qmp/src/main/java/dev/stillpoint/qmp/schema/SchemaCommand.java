package dev.stillpoint.qmp.schema;

import java.util.List;

/**
 * A command of a running QEMU.
 *
 * @param name such as {@code block_resize}
 * @param arguments the key of the type that its arguments are members of
 * @param result the key of the type of its reply
 * @param features such as {@code deprecated} or {@code unstable}
 * @param outOfBand whether QEMU allows it before others that wait
 * @param open whether it takes arguments that the schema does not tell, as {@code device_add} does
 */
public record SchemaCommand(
    String name,
    String arguments,
    String result,
    List<String> features,
    boolean outOfBand,
    boolean open) {
  /** Copies the list. */
  public SchemaCommand {
    features = List.copyOf(features);
  }
}
