package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A guest that has booted once and whose state is kept, so that a running copy of it costs a
 * fraction of a second. The state lives in the cache, keyed by the QEMU version, the image and the
 * configuration: usually it is there from an earlier run. A state takes about 125 MB, so tests do
 * well to share configurations; {@link #startTraced} needs none of its own.
 */
public final class WarmGuest {
  private static final Duration SAVE_LIMIT = Duration.ofMinutes(2);
  private static final Duration LOAD_LIMIT = Duration.ofMinutes(1);

  private static final String STATE = "state";

  /** Raised when what is kept changes its form. */
  private static final String FORM = "1";

  private final GuestImage image;
  private final GuestConfig config;
  private final Path entry;

  private WarmGuest(GuestImage image, GuestConfig config, Path entry) {
    this.image = image;
    this.config = config;
    this.entry = entry;
  }

  /** Takes the state from the cache, or boots the guest once and keeps it there. */
  public static WarmGuest of(GuestConfig config) {
    HostTools.require("qemu-system-x86_64");
    GuestImage image = GuestImage.build(config);
    String version = HostCommand.run(Path.of("/"), List.of("qemu-system-x86_64", "--version"));
    String key = Cache.key(List.of(FORM, version, image.key(), config.stateKey()));
    Path entry = Cache.entry("warm", key, directory -> save(config, directory));
    return new WarmGuest(image, config, entry);
  }

  /** A running copy of the guest for this configuration: {@code of(config).start()}. */
  public static Guest start(GuestConfig config) {
    return of(config).start();
  }

  private static void save(GuestConfig config, Path directory) throws IOException {
    try (Guest guest = Guest.boot(config.withTrace())) {
      if (config.writer()) {
        // Let the agent and the writer settle: the first round creates files and loads pages.
        guest.awaitNextAck(SAVE_LIMIT);
      }
      try (ControlMonitor monitor = guest.control()) {
        monitor.execute("stop", "{}");
        // The default limit is meant for networks.
        monitor.execute("migrate-set-parameters", "{\"max-bandwidth\":%d}".formatted(4L << 30));
        String uri = "exec:cat > " + shellQuote(directory.resolve(STATE));
        monitor.execute("migrate", "{\"uri\":" + ControlMonitor.quote(uri) + "}");
        awaitStatus(monitor, "query-migrate", "completed", SAVE_LIMIT);
      }
      for (Path disk : guest.images()) {
        BlankDisks.copySparse(disk, directory.resolve(nameOf(disk)));
      }
    }
  }

  /**
   * Starts a copy on disks of its own, running from where the original was stopped. As many as one
   * likes may run at once.
   */
  public Guest start() {
    return start(Map.of(), List.of());
  }

  /**
   * The same, with some of its disks elsewhere. The warm state is the same, wherever they are.
   *
   * @param places by the disk's index; the others lie in the guest's own directory
   */
  public Guest startWith(Map<Integer, DiskPlace> places) {
    return start(places, List.of());
  }

  /**
   * The same, whose QEMU becomes this user once it has opened its images and sockets ({@code
   * -runas}). The directory of a guest is searched by its owner only, so that from then on QEMU can
   * open nothing in it. Only root may do that.
   */
  public Guest startAs(String user) {
    return start(Map.of(), List.of("-runas", user));
  }

  private Guest start(Map<Integer, DiskPlace> places, List<String> more) {
    return Guest.inNewDirectory(directory -> {
      var images = new ArrayList<Path>();
      var nodes = new HashMap<Integer, String>();
      UnaryOperator<List<String>> qemu = UnaryOperator.identity();
      for (int i = 0; i < config.disks().size(); i++) {
        DiskPlace place = places.getOrDefault(i, new DiskPlace.Directory(directory));
        if (place instanceof DiskPlace.Served served) {
          nodes.put(i, served.holding(rawImage(i)).blockdev());
        } else if (place instanceof DiskPlace.Private other) {
          nodes.put(i, other.holding(rawImage(i)));
          qemu = other::qemu;
        }
        images.add(put(i, place, directory));
      }
      var load =
          new ArrayList<>(List.of("-incoming", "exec:cat " + shellQuote(entry.resolve(STATE))));
      load.addAll(more);
      var elsewhere = new DisksElsewhere(nodes, qemu);
      Guest guest = Guest.start(image, config, directory, images, elsewhere, load);
      guest.closingOnFailure(() -> resume(guest));
      return guest;
    });
  }

  private Path rawImage(int index) {
    GuestDisk disk = config.disks().get(index);
    if (disk.format() != GuestDisk.Format.RAW) {
      throw new IllegalArgumentException("disk " + index + " is not raw");
    }
    return entry.resolve(disk.fileName(index));
  }

  /**
   * Copies the image there.
   *
   * @param own the guest's directory, in which a disk that is elsewhere has no file
   */
  private Path put(int index, DiskPlace place, Path own) {
    String name = config.disks().get(index).fileName(index);
    return switch (place) {
      case DiskPlace.Directory(Path directory) -> {
        BlankDisks.copySparse(entry.resolve(name), directory.resolve(name));
        yield directory.resolve(name);
      }
      case DiskPlace.Served served -> own.resolve(name);
      case DiskPlace.Private other -> own.resolve(name);
    };
  }

  /** The same, tracing these events of QEMU into {@link Guest#trace()}. */
  public Guest startTraced(String... events) {
    return new WarmGuest(image, config.withTrace(events), entry).start();
  }

  private void resume(Guest guest) {
    try (ControlMonitor monitor = guest.control()) {
      awaitStatus(monitor, "query-status", "paused", LOAD_LIMIT);
      monitor.execute("cont", "{}");
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("the warm state was not loaded: " + guest.log().strip(), e));
    }
    if (config.agent()) {
      guest.awaitAgent();
    }
  }

  private static void awaitStatus(
      ControlMonitor monitor, String query, String status, Duration limit) throws IOException {
    String wanted = "\"status\": \"" + status + '"';
    var last = new String[] {""};
    boolean reached =
        Deadline.in(limit)
            .await(() -> {
              try {
                last[0] = monitor.execute(query, "{}");
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              return last[0].contains(wanted) || last[0].contains("\"failed\"");
            });
    if (!reached || !last[0].contains(wanted)) {
      throw new IOException(query + " did not come to " + status + ": " + last[0].strip());
    }
  }

  private static String nameOf(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static String shellQuote(Path path) {
    return "'" + path.toString().replace("'", "'\\''") + "'";
  }
}
