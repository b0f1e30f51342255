package dev.stillpoint.backends.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The mounts as this process sees them at one moment. */
public final class Mounts {
  private static final Path OWN = Path.of("/proc/self/mountinfo");

  private final List<Mount> mounts;
  private final Set<Integer> ids;

  private Mounts(List<Mount> mounts) {
    this.mounts = mounts;
    this.ids = mounts.stream().map(Mount::id).collect(Collectors.toSet());
  }

  /** This process's own. */
  public static Mounts own() throws IOException {
    return read(OWN);
  }

  /** Those that a file in the form of mountinfo lists; a line that is none is passed over. */
  public static Mounts read(Path mountinfo) throws IOException {
    try (Stream<String> lines = Files.lines(mountinfo, ISO_8859_1)) {
      return of(lines);
    }
  }

  /** Those of the machine on which these programs are run, as they see them. */
  public static Mounts of(Programs programs, Deadline deadline) throws IOException {
    String text = programs.require(List.of("cat", OWN.toString()), deadline);
    return of(new String(text.getBytes(UTF_8), ISO_8859_1).lines());
  }

  private static Mounts of(Stream<String> lines) {
    return new Mounts(lines.map(Mount::parse).flatMap(Optional::stream).toList());
  }

  /**
   * The mount on which one finds a path, by the way that the kernel walks: from mount to mount,
   * each time the first that the path meets. A mount that another one hides is never found.
   *
   * @param path absolute, with no link in it
   */
  public Optional<Mount> of(Path path) {
    Optional<Mount> here = first(path, mount -> isLowest(mount));
    Optional<Mount> next = here;
    // Each step leads to a child, of which there are no more than mounts.
    for (int i = 0; i < mounts.size() && next.isPresent(); i++) {
      here = next;
      int parent = here.get().id();
      next = first(path, mount -> mount.parent() == parent && mount.id() != parent);
    }
    return here;
  }

  /**
   * Whether anything is mounted below a directory, and hides what is there.
   *
   * @param directory absolute, with no link in it
   * @param except a directory below which it does not count
   */
  public boolean anyBelow(Path directory, Path except) {
    return mounts.stream()
        .map(Mount::point)
        .anyMatch(point ->
            point.startsWith(directory) && !point.equals(directory) && !point.startsWith(except));
  }

  /**
   * Whether the file system on a device is mounted.
   *
   * @param device {@code major:minor}
   */
  public boolean hasDevice(String device) {
    return mounts.stream().anyMatch(mount -> mount.device().equals(device));
  }

  private boolean isLowest(Mount mount) {
    return mount.parent() == mount.id() || !ids.contains(mount.parent());
  }

  private Optional<Mount> first(Path path, Predicate<Mount> wanted) {
    return mounts.stream()
        .filter(wanted)
        .filter(mount -> path.startsWith(mount.point()))
        .min(Comparator.comparingInt(mount -> mount.point().getNameCount()));
  }
}
