package dev.stillpoint.backends.qemu.chain;

import dev.stillpoint.backends.address.ToldName;
import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.backends.qemu.overlay.OverlayPath;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.qapi.ImageInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The images that a disk is read from: the one that is written to first, and below each the one
 * that it lies on.
 */
public record ImageChain(List<Link> links) {
  /** No chain that anybody could still read from is as long. */
  static final int MAX_LENGTH = 256;

  /** The format of an image of which nobody says it. */
  static final String UNKNOWN = "unknown";

  private static final String QCOW2 = "qcow2";

  /**
   * One image.
   *
   * @param image as QEMU names it, perhaps with secrets in it
   * @param node in QEMU, where a machine has it open and it can be told which
   * @param mark what we wrote on it, if it is an overlay of ours
   */
  record Link(String image, String format, Optional<String> node, Optional<OverlayMark> mark) {
    static Link of(String image, String format, Optional<String> node) {
      Optional<OverlayMark> mark =
          isFile(image) ? OverlayMark.read(Path.of(image)) : Optional.empty();
      return new Link(image, format, node, mark);
    }

    private static boolean isFile(String image) {
      return image.startsWith("/") && !image.startsWith("/dev/");
    }

    /** Where it is on this host, if it is there. */
    Optional<Path> path() {
      return image.startsWith("/") ? Optional.of(Path.of(image)) : Optional.empty();
    }

    /** Its name for a person. */
    String told() {
      return ToldName.of(image);
    }

    DiskSource source() {
      return AttachedDisk.source(image, format);
    }

    private boolean keeps(String snapshot) {
      return mark.filter(one -> one.snapshot().equals(snapshot)).isPresent();
    }
  }

  /** Copies the list. */
  public ImageChain {
    links = List.copyOf(links);
  }

  /** The one that a machine has open. */
  public static ImageChain of(BlockGraph graph, AttachedDisk disk) {
    List<Link> links = new ArrayList<>();
    // While an overlay is merged under a filter, the merge's own node is what stands under that.
    if (!BlockGraph.isOfJob(disk.node())) {
      links.add(Link.of(disk.fileName(), disk.format(), Optional.of(disk.nodeName())));
    }
    @Nullable ImageInfo below = disk.node().image().backingImage();
    while (below != null && links.size() < MAX_LENGTH) {
      links.add(
          Link.of(graph.nameOf(below), AttachedDisk.format(below.format()), graph.nodeOf(below)));
      below = below.backingImage();
    }
    return new ImageChain(links);
  }

  /**
   * The one behind an image that no machine is known to use, by what the headers say. Ends where an
   * image names none below it, or one that is no file of this host.
   */
  public static ImageChain of(Path image, String format) throws IOException {
    List<Link> links = new ArrayList<>();
    Optional<Link> next = Optional.of(Link.of(image.toString(), format, Optional.empty()));
    while (next.isPresent() && links.size() < MAX_LENGTH) {
      links.add(next.get());
      next = below(next.get());
    }
    return new ImageChain(links);
  }

  private static Optional<Link> below(Link link) throws IOException {
    if (!link.format().equals(QCOW2) || link.path().isEmpty()) {
      return Optional.empty();
    }
    Path file = link.path().get();
    Qcow2Header header = Qcow2Header.read(file);
    if (header.backingFile().isEmpty()) {
      return Optional.empty();
    }
    String named = header.backingFile().get();
    boolean relative = !named.startsWith("/") && !OverlayPath.isRemote(named);
    String image = relative ? file.resolveSibling(named).normalize().toString() : named;
    return Optional.of(Link.of(image, header.backingFormat().orElse(UNKNOWN), Optional.empty()));
  }

  /** The one that is written to. */
  Link top() {
    return links.get(0);
  }

  /** How many images stand above the overlay of this snapshot. */
  public Optional<Integer> find(String snapshot) {
    // The last link lies on nothing, and so is no overlay of a snapshot.
    for (int i = 0; i < links.size() - 1; i++) {
      if (links.get(i).keeps(snapshot)) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  boolean has(Path image) {
    return links.stream().anyMatch(link -> link.path().filter(image::equals).isPresent());
  }

  /** What is known of the overlays' marks, for whoever looks for one in vain. */
  String told() {
    List<String> names = snapshots().stream().map(StoredSnapshot::name).toList();
    return names.isEmpty()
        ? "none of its images bears the mark of one"
        : "there are " + String.join(", ", names);
  }

  /** The snapshots that overlays of ours keep, oldest first. */
  List<StoredSnapshot> snapshots() {
    List<StoredSnapshot> found = new ArrayList<>();
    for (int i = links.size() - 2; i >= 0; i--) {
      Link overlay = links.get(i);
      if (overlay.mark().isPresent()) {
        found.add(stored(overlay, overlay.mark().get(), links.get(i + 1)));
      }
    }
    return List.copyOf(found);
  }

  private static StoredSnapshot stored(Link overlay, OverlayMark mark, Link below) {
    Path file = Path.of(overlay.image());
    MergeMark merge = MergeMark.of(file);
    return new StoredSnapshot(
        mark.snapshot(),
        OverlayMark.METHOD,
        overlay.image(),
        born(file),
        merge == MergeMark.NONE ? Optional.of(below.source()) : Optional.empty(),
        trouble(merge, below));
  }

  private static Optional<String> trouble(MergeMark merge, Link below) {
    return switch (merge) {
      case NONE -> Optional.empty();
      case BEGUN, DONE -> Optional.of("its delete was begun and has not ended; ask for it again");
      case TURNING ->
          Optional.of(
              "its delete has not ended, and a machine may have gone on in " + below.told());
    };
  }

  /** Where a file system keeps no birth, Java says the last change. */
  private static Optional<Instant> born(Path file) {
    try {
      BasicFileAttributes found =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return found.creationTime().equals(found.lastModifiedTime())
          ? Optional.empty()
          : Optional.of(found.creationTime().toInstant());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
