package dev.stillpoint.core.spi;

/**
 * Makes a snapshot method. A jar that names an implementation in {@code
 * META-INF/services/dev.stillpoint.core.spi.SnapshotMethodProvider}, and {@code provides} it where
 * it is a module, is found by {@link java.util.ServiceLoader}: nothing else is needed to add a
 * method. Implementations are public and have a public constructor without parameters.
 */
public interface SnapshotMethodProvider {

  /** The name of the method, without making it: only those that are used are made. */
  String name();

  /**
   * Makes the method. Called at most once an operation, and must not block.
   *
   * @param services what it may use; a method that needs what is not there says so when it is asked
   *     to check a disk
   */
  SnapshotMethod create(Services services);
}
