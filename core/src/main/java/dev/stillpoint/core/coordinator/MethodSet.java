package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshot methods that one can choose from, by name. Those that were found by {@link
 * ServiceLoader} are made when they are first asked for. Safe for use by several threads.
 */
public final class MethodSet {
  private static final Logger LOG = LoggerFactory.getLogger(MethodSet.class);

  private final Map<String, Supplier<SnapshotMethod>> makers;
  private final Map<String, SnapshotMethod> made = new ConcurrentHashMap<>();

  private MethodSet(Map<String, Supplier<SnapshotMethod>> makers) {
    this.makers = makers;
  }

  /** Exactly these. */
  public static MethodSet of(List<SnapshotMethod> methods) {
    var makers = new LinkedHashMap<String, Supplier<SnapshotMethod>>();
    for (SnapshotMethod method : methods) {
      add(makers, method.name(), () -> method);
    }
    return new MethodSet(makers);
  }

  /**
   * These, and all whose {@link SnapshotMethodProvider} is on the class path or the module path. A
   * provider that cannot be loaded is told in the log and left out; so is one whose name is taken.
   */
  public static MethodSet installed(List<SnapshotMethod> first, Services services) {
    var makers = new LinkedHashMap<>(of(first).makers);
    Iterator<SnapshotMethodProvider> found =
        ServiceLoader.load(SnapshotMethodProvider.class).iterator();
    boolean more = true;
    while (more) {
      try {
        more = found.hasNext();
        if (more) {
          addFound(makers, found.next(), services);
        }
      } catch (ServiceConfigurationError | LinkageError e) {
        LOG.warn("a provider of a snapshot method cannot be loaded: {}", e.toString());
      }
    }
    return new MethodSet(makers);
  }

  private static void addFound(
      Map<String, Supplier<SnapshotMethod>> makers,
      SnapshotMethodProvider provider,
      Services services) {
    String name = provider.name();
    if (makers.putIfAbsent(name, () -> provider.create(services)) != null) {
      LOG.warn("{} is left out: the method '{}' is there already", provider.getClass(), name);
    }
  }

  private static void add(
      Map<String, Supplier<SnapshotMethod>> makers, String name, Supplier<SnapshotMethod> maker) {
    if (makers.putIfAbsent(name, maker) != null) {
      throw new IllegalArgumentException("two methods are named " + name);
    }
  }

  /** The names, in the order in which they were added. */
  public List<String> names() {
    return List.copyOf(makers.keySet());
  }

  /** The method of this name; empty where there is none. */
  public Optional<SnapshotMethod> find(String name) {
    Supplier<SnapshotMethod> maker = makers.get(name);
    return maker == null
        ? Optional.empty()
        : Optional.of(made.computeIfAbsent(name, wanted -> maker.get()));
  }

  /**
   * The method of this name.
   *
   * @param disk for which it is wanted
   * @throws SnapshotException with {@link ErrorCode#BAD_REQUEST} that names those that there are
   */
  public SnapshotMethod require(String name, String disk) {
    return find(name)
        .orElseThrow(() ->
            new SnapshotException(
                Failure.ofDisk(
                    ErrorCode.BAD_REQUEST,
                    "there is no snapshot method '" + name + "'; known are " + names(),
                    disk)));
  }

  /**
   * Disks by the name of their method, in the order in which they come. One without a method gets
   * the first of this set; and where there is no disk at all, that one is to know what it cuts.
   */
  public Map<String, List<LocatedDisk>> grouped(List<LocatedDisk> disks) {
    Map<String, List<LocatedDisk>> byMethod = new LinkedHashMap<>();
    String standard = names().get(0);
    if (disks.isEmpty()) {
      byMethod.put(standard, List.of());
    }
    for (LocatedDisk disk : disks) {
      byMethod
          .computeIfAbsent(disk.selected().method().orElse(standard), m -> new ArrayList<>())
          .add(disk);
    }
    return byMethod;
  }
}
