package dev.stillpoint.core.spi;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a method may use of what its host program has, by type: such as the client of a monitor,
 * where there is one. Immutable.
 */
public final class Services {
  private static final Services NONE = new Services(Map.of());

  private final Map<Class<?>, Object> byType;

  private Services(Map<Class<?>, Object> byType) {
    this.byType = byType;
  }

  /** Nothing to use. */
  public static Services none() {
    return NONE;
  }

  /** The same and one more; one of the same type is replaced. */
  public <T> Services with(Class<T> type, T service) {
    var more = new LinkedHashMap<>(byType);
    more.put(type, type.cast(service));
    return new Services(Map.copyOf(more));
  }

  /** The service of exactly this type; empty where the host program has none. */
  public <T> Optional<T> find(Class<T> type) {
    return Optional.ofNullable(byType.get(type)).map(type::cast);
  }
}
