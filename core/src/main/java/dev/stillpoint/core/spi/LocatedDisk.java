package dev.stillpoint.core.spi;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.util.Map;
import java.util.Set;

/**
 * A disk that somebody selected, and where its bytes live.
 *
 * @param selected as the caller selected it, with the method filled in where that is settled
 * @param source the image that is written to, as this host names it
 * @param guest by what its guest may recognise it
 */
public record LocatedDisk(SelectedDisk selected, DiskSource source, CutDisk guest) {

  /** The name by which the caller knows it. */
  public String name() {
    return selected.name();
  }

  /** What the caller said of it beside its method; the keys are the method's own. */
  public Map<String, String> options() {
    return selected.options();
  }

  /**
   * Refuses options that nobody would look at.
   *
   * @throws SnapshotException with {@link ErrorCode#BAD_REQUEST} that names the first such option
   */
  public void requireOptionsAmong(Set<String> known) {
    for (String option : options().keySet()) {
      if (!known.contains(option)) {
        throw refusal(
            ErrorCode.BAD_REQUEST,
            "the method "
                + selected.method().orElse("of this disk")
                + " has no option '"
                + option
                + "'; it has "
                + (known.isEmpty() ? "none" : String.join(", ", new java.util.TreeSet<>(known))));
      }
    }
  }

  /** Why this disk cannot be served, to be thrown. */
  public SnapshotException refusal(ErrorCode code, String message) {
    return new SnapshotException(Failure.ofDisk(code, message, name()));
  }
}
