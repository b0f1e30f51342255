package dev.stillpoint.qmp.schema;

import java.util.List;

/**
 * An event of a running QEMU.
 *
 * @param name such as {@code STOP}
 * @param data the key of the type that its content are members of
 * @param features such as {@code deprecated}
 */
public record SchemaEvent(String name, String data, List<String> features) {
  /** Copies the list. */
  public SchemaEvent {
    features = List.copyOf(features);
  }
}
