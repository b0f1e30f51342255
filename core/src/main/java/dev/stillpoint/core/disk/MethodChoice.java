package dev.stillpoint.core.disk;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The snapshot method that a caller wants for a disk, and what it told that method.
 *
 * @param method its name, such as {@code qemu} or {@code lvm}; open, since anybody may add one
 * @param options by name, such as {@code device}; which ones a method knows is the method's affair
 */
public record MethodChoice(String method, Map<String, String> options) {
  /** Copies the options; their order is kept. */
  public MethodChoice {
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
  }

  /** A method without options. */
  public static MethodChoice of(String method) {
    return new MethodChoice(method, Map.of());
  }
}
