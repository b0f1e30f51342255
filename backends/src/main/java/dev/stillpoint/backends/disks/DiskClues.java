package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.address.RbdName;
import dev.stillpoint.backends.qemu.SeenDisk;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.xml.DiskAddress;
import dev.stillpoint.core.disk.xml.DiskDescription;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.CutDisk.PciAddress;
import dev.stillpoint.core.spi.CutDisk.ScsiAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Which disk of a machine libvirt's XML means. Whatever the XML says of it has to fit: its source,
 * its alias, its target, its serial number and its address. The XML of another disk, or of this one
 * from before an earlier snapshot, is refused, since a cut of the wrong disk looks like a cut of
 * the right one.
 */
final class DiskClues {
  /** What something in the XML says of a disk of the machine. */
  private enum Verdict {
    /** This is it. */
    SAME,
    /** It is another one. */
    OTHER,
    /** Nothing: it cannot be compared with what QEMU tells. */
    UNSAID
  }

  /**
   * Something by which the XML names its disk.
   *
   * @param text in words, such as {@code serial 'disk0'}
   */
  private record Clue(String text, Function<SeenDisk, Verdict> judge) {
    boolean says(Verdict verdict, SeenDisk disk) {
      return judge.apply(disk) == verdict;
    }
  }

  /** QEMU's block device of a {@code -drive} that libvirt made before it had {@code -blockdev}. */
  private static final String OLD_DRIVE = "drive-";

  private static final String RAW = "raw";
  private static final String LUKS = "luks";

  private final DescribedDisk disk;
  private final List<SeenDisk> machine;
  private final List<Clue> clues;
  private final Optional<Clue> source;

  private DiskClues(DescribedDisk disk, List<SeenDisk> machine) {
    this.disk = disk;
    this.machine = machine;
    DiskDescription told = disk.description();
    this.source =
        told.source()
            .map(one -> new Clue("source '" + one.address() + "'", seen -> source(one, seen)));
    this.clues = new ArrayList<>();
    source.ifPresent(clues::add);
    told.alias()
        .map(alias -> new Clue("alias '" + alias + "'", seen -> verdict(hasId(seen, alias))))
        .ifPresent(clues::add);
    told.target()
        .map(target -> new Clue("target '" + target + "'", seen -> target(target, seen)))
        .ifPresent(clues::add);
    told.serial()
        .map(text -> new Clue("serial '" + text + "'", seen -> serial(text, seen)))
        .ifPresent(clues::add);
    told.address()
        .map(one -> new Clue("address " + text(one), seen -> address(one, seen)))
        .ifPresent(clues::add);
  }

  /**
   * The one disk that the XML means.
   *
   * @throws SnapshotException with {@link ErrorCode#NO_SUCH_DISK} when nothing in it leads to a
   *     disk, {@link ErrorCode#DISK_UNSUITABLE} when it leads to several, to one that writes to
   *     another image by now, or to one with another format
   */
  static SeenDisk find(DescribedDisk disk, List<SeenDisk> machine) {
    return new DiskClues(disk, machine).find();
  }

  private SeenDisk find() {
    List<SeenDisk> fitting = machine.stream().filter(this::fits).toList();
    if (fitting.size() > 1) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          "the XML of '" + disk.name() + "' fits several disks: " + labels(fitting));
    }
    if (fitting.isEmpty()) {
      throw noneFits();
    }
    SeenDisk found = fitting.get(0);
    requireFormat(found);
    return found;
  }

  private boolean fits(SeenDisk seen) {
    return clues.stream().noneMatch(clue -> clue.says(Verdict.OTHER, seen))
        && clues.stream().anyMatch(clue -> clue.says(Verdict.SAME, seen));
  }

  private SnapshotException noneFits() {
    List<SeenDisk> led =
        machine.stream()
            .filter(seen -> clues.stream().anyMatch(clue -> clue.says(Verdict.SAME, seen)))
            .toList();
    for (SeenDisk seen : led.isEmpty() ? machine : led) {
      if (isStale(seen) || (led.size() == 1 && differsInItsSourceAlone(seen))) {
        return refusal(
            ErrorCode.DISK_UNSUITABLE,
            "the disk '"
                + seen.label()
                + "' writes to '"
                + where(seen)
                + "', and not to the "
                + source.map(Clue::text).orElse("source")
                + " of the XML"
                + (isStale(seen) ? ", which lies below: the XML is older than a snapshot" : ""));
      }
    }
    return led.isEmpty() ? nothingLeads() : contradiction(led);
  }

  /** Whether the machine has gone on to an image above the one of the XML. */
  private boolean isStale(SeenDisk seen) {
    return disk.description()
        .source()
        .filter(told ->
            seen.below().stream().anyMatch(name -> isSame(told, sourceOf(name, told.format()))))
        .isPresent();
  }

  private boolean differsInItsSourceAlone(SeenDisk seen) {
    return source.filter(clue -> clue.says(Verdict.OTHER, seen)).isPresent()
        && clues.stream()
            .filter(clue -> !source.get().equals(clue))
            .noneMatch(clue -> clue.says(Verdict.OTHER, seen));
  }

  private SnapshotException nothingLeads() {
    boolean pooled =
        disk.description().source().filter(DiskSource.Pooled.class::isInstance).isPresent();
    return refusal(
        ErrorCode.NO_SUCH_DISK,
        "the machine has no disk with "
            + clues.stream().map(Clue::text).collect(Collectors.joining(", "))
            + "; it has "
            + labels(machine)
            + (pooled ? " (where a volume of a pool lies, libvirt alone knows)" : ""));
  }

  private SnapshotException contradiction(List<SeenDisk> led) {
    List<String> parts = new ArrayList<>();
    for (Clue clue : clues) {
      List<SeenDisk> same = led.stream().filter(seen -> clue.says(Verdict.SAME, seen)).toList();
      boolean contradicts = led.stream().anyMatch(seen -> clue.says(Verdict.OTHER, seen));
      if (!same.isEmpty()) {
        parts.add("its " + clue.text() + " is that of " + labels(same));
      } else if (contradicts) {
        parts.add("its " + clue.text() + " is not that of " + labels(led));
      }
    }
    return refusal(
        ErrorCode.DISK_UNSUITABLE,
        "the XML of '" + disk.name() + "' fits no disk: " + String.join("; ", parts));
  }

  /** With {@code <encryption>}, libvirt calls raw what QEMU opens as luks. */
  private void requireFormat(SeenDisk found) {
    String told = disk.description().format();
    String used = found.source().format();
    if (!told.equals(used) && !(told.equals(RAW) && used.equals(LUKS))) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          "the XML of '"
              + disk.name()
              + "' says that it is "
              + told
              + ", and the machine has '"
              + where(found)
              + "' open as "
              + used);
    }
  }

  private SnapshotException refusal(ErrorCode code, String message) {
    return disk.refusal(code, message);
  }

  private static String labels(List<SeenDisk> disks) {
    return disks.isEmpty()
        ? "none"
        : disks.stream()
            .map(seen -> "'" + seen.label() + "' (" + where(seen) + ")")
            .collect(Collectors.joining(", "));
  }

  /** For a message; the name that QEMU has for an image that is no file may have secrets in it. */
  private static String where(SeenDisk seen) {
    return switch (sourceOf(seen.source())) {
      case DiskSource.Remote remote -> "an image that is no file";
      case DiskSource known -> known.address();
    };
  }

  private static Verdict verdict(boolean same) {
    return same ? Verdict.SAME : Verdict.OTHER;
  }

  private static Verdict source(DiskSource told, SeenDisk seen) {
    return switch (told) {
      case DiskSource.Pooled volume ->
          isNamed(seen.source(), volume.volume()) ? Verdict.UNSAID : Verdict.OTHER;
      // Its address is for persons: the same place can be spelled in many ways.
      case DiskSource.Remote remote ->
          seen.source() instanceof DiskSource.Remote ? Verdict.UNSAID : Verdict.OTHER;
      default -> verdict(isSame(told, sourceOf(seen.source())));
    };
  }

  /** A pool gives a volume the name of its file, its logical volume or its image. */
  private static boolean isNamed(DiskSource used, String volume) {
    return sourceOf(used).address().endsWith("/" + volume);
  }

  private static DiskSource sourceOf(DiskSource used) {
    return used instanceof DiskSource.Remote remote
        ? sourceOf(remote.address(), remote.format())
        : used;
  }

  private static DiskSource sourceOf(String name, String format) {
    if (name.startsWith("/")) {
      return new DiskSource.File(Path.of(name), format);
    }
    return RbdName.read(name, format)
        .<DiskSource>map(Function.identity())
        .orElseGet(() -> new DiskSource.Remote(name, format));
  }

  private static boolean isSame(DiskSource told, DiskSource used) {
    Optional<Path> one = DefaultMethod.path(told);
    Optional<Path> other = DefaultMethod.path(used);
    if (one.isPresent() && other.isPresent()) {
      return isSameFile(one.get(), other.get());
    }
    return told instanceof DiskSource.Rbd
        && used instanceof DiskSource.Rbd
        && told.address().equals(used.address());
  }

  /** By their names first: QEMU may see another file system than we do. */
  private static boolean isSameFile(Path one, Path other) {
    try {
      return one.equals(other) || Files.isSameFile(one, other);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean hasId(SeenDisk seen, String id) {
    return seen.qdev().filter(id::equals).isPresent()
        || seen.device().filter(name -> name.equals(id) || name.equals(OLD_DRIVE + id)).isPresent();
  }

  /** libvirt keeps its targets to itself; a machine that was started by hand may go by them. */
  private Verdict target(String target, SeenDisk seen) {
    return machine.stream().anyMatch(any -> hasId(any, target))
        ? verdict(hasId(seen, target))
        : Verdict.UNSAID;
  }

  private static Verdict serial(String serial, SeenDisk seen) {
    return verdict(seen.guest().serial().filter(serial::equals).isPresent());
  }

  private static Verdict address(DiskAddress told, SeenDisk seen) {
    return switch (told) {
      case DiskAddress.Pci pci when isOnRootBus(pci) ->
          seen.guest().pci().map(place -> verdict(isAt(pci, place))).orElse(Verdict.UNSAID);
      // Behind a bridge libvirt counts its controllers, and the guest's firmware its buses.
      case DiskAddress.Pci pci -> Verdict.UNSAID;
      case DiskAddress.Drive drive ->
          seen.guest().scsi().map(place -> verdict(isAt(drive, place))).orElse(Verdict.UNSAID);
      case DiskAddress.Other other -> Verdict.UNSAID;
    };
  }

  private static boolean isOnRootBus(DiskAddress.Pci pci) {
    return pci.domain() == 0 && pci.bus() == 0;
  }

  private static boolean isAt(DiskAddress.Pci pci, PciAddress place) {
    return place.domain() == pci.domain()
        && place.bus() == pci.bus()
        && place.slot() == pci.slot()
        && place.function() == pci.function();
  }

  /** Old controllers have no units: there libvirt's unit is the target. */
  private static boolean isAt(DiskAddress.Drive drive, ScsiAddress place) {
    boolean whole =
        place.channel() == drive.bus()
            && place.target() == drive.target()
            && place.unit() == drive.unit();
    boolean old = drive.target() == 0 && place.unit() == 0 && place.target() == drive.unit();
    return whole || old;
  }

  private static String text(DiskAddress address) {
    return switch (address) {
      case DiskAddress.Pci pci ->
          String.format("%04x:%02x:%02x.%x", pci.domain(), pci.bus(), pci.slot(), pci.function());
      case DiskAddress.Drive drive ->
          drive.controller() + ":" + drive.bus() + ":" + drive.target() + ":" + drive.unit();
      case DiskAddress.Other other -> "of type " + other.type();
    };
  }
}
