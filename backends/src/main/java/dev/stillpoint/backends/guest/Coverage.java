package dev.stillpoint.backends.guest;

import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.qga.qapi.GuestFilesystemInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which file systems of the guest lie on which of the disks that will be cut, and what follows for
 * the freeze.
 */
final class Coverage {
  /** Linux cannot freeze these; the agent leaves them out without a word. */
  private static final Set<String> UNFREEZABLE =
      Set.of(
          "vfat",
          "msdos",
          "exfat",
          "ntfs",
          "ntfs3",
          "fuseblk",
          "iso9660",
          "udf",
          "squashfs",
          "erofs",
          "cramfs",
          "romfs",
          "minix",
          "hfs",
          "hfsplus");

  /** Behind these is another machine, without which a freeze waits. */
  private static final List<String> NETWORK_DEVICES = List.of("nbd", "rbd", "drbd");

  private final Map<GuestFilesystemInfo, DiskMatch> matches = new LinkedHashMap<>();
  private final List<CutDisk> disks;
  private final FreezeScope scope;

  Coverage(List<GuestFilesystemInfo> fileSystems, QuiesceOrder order) {
    this.disks = order.disks();
    this.scope = order.scope();
    fileSystems.forEach(one -> matches.put(one, DiskMatch.of(one, disks)));
    boolean none = matches.values().stream().allMatch(match -> match.on().isEmpty());
    if (none) {
      // Not one disk is recognised: more likely the addresses differ than that all lies elsewhere.
      matches.replaceAll((one, match) -> new DiskMatch(Set.of(), false, true));
    }
  }

  /** Where a file system lies. */
  DiskMatch match(GuestFilesystemInfo fileSystem) {
    return matches.getOrDefault(fileSystem, new DiskMatch(Set.of(), false, true));
  }

  static boolean canFreeze(GuestFilesystemInfo fileSystem) {
    return !UNFREEZABLE.contains(fileSystem.type());
  }

  /** A mount point that the caller names and the guest does not have. */
  Optional<String> unknownMountpoint() {
    List<String> named = new ArrayList<>(scope.excluded());
    if (scope.extent() instanceof FreezeScope.Mountpoints list) {
      named.addAll(list.paths());
    }
    List<String> mounted = matches.keySet().stream().map(GuestFilesystemInfo::mountpoint).toList();
    return named.stream()
        .filter(one -> !mounted.contains(one))
        .findFirst()
        .map(one -> "the guest has no file system mounted at " + one + "; it has " + mounted);
  }

  /**
   * What the freeze is to be, once every mount point that the scope names is known; empty when
   * nothing is left that could freeze.
   */
  Optional<FreezePlan> plan() {
    List<String> notCovered = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    List<GuestFilesystemInfo> chosen = new ArrayList<>();
    boolean all = true;
    for (GuestFilesystemInfo one : matches.keySet()) {
      Optional<String> left = leftOut(one);
      if (left.isPresent()) {
        all = false;
        notCovered.add(name(one) + " is not frozen: " + left.get());
      } else {
        chosen.add(one);
        explain(one, notCovered, warnings);
      }
    }
    withoutFileSystem().forEach(warnings::add);
    List<GuestFilesystemInfo> freezable = chosen.stream().filter(Coverage::canFreeze).toList();
    if (freezable.isEmpty() && !matches.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new FreezePlan(
            all ? List.of() : freezable.stream().map(GuestFilesystemInfo::mountpoint).toList(),
            devices(freezable),
            notCovered,
            warnings,
            all && freezable.size() == matches.size() && isEveryDiskCovered()));
  }

  private Optional<String> leftOut(GuestFilesystemInfo one) {
    if (scope.excluded().contains(one.mountpoint())) {
      return Optional.of("excluded by the caller");
    }
    boolean wanted =
        switch (scope.extent()) {
          case FreezeScope.Everything everything -> true;
          case FreezeScope.ChosenDisks chosen -> !match(one).on().isEmpty() || match(one).unknown();
          case FreezeScope.Mountpoints list -> list.paths().contains(one.mountpoint());
        };
    if (wanted) {
      return Optional.empty();
    }
    return Optional.of(
        scope.extent() instanceof FreezeScope.ChosenDisks
            ? "it lies on no disk of this snapshot"
            : "it is not among the named mount points");
  }

  private void explain(GuestFilesystemInfo one, List<String> notCovered, List<String> warnings) {
    DiskMatch match = match(one);
    if (!canFreeze(one)) {
      notCovered.add(name(one) + " is not frozen: Linux cannot freeze a " + one.type());
    } else if (match.elsewhere() && match.on().isEmpty()) {
      notCovered.add(name(one) + " lies on a disk that is not cut");
    } else if (match.elsewhere()) {
      warnings.add(name(one) + " lies also on a disk that is not cut: its copy is incomplete");
    }
    if (one.name().startsWith("loop") && canFreeze(one)) {
      warnings.add(
          name(one)
              + " lies on a loop device, with which a freeze can hang; exclude it where it does");
    }
    if (NETWORK_DEVICES.stream().anyMatch(one.name()::startsWith)) {
      warnings.add(name(one) + " lies on a network device: without its server a freeze hangs");
    }
  }

  /**
   * A disk on which no file system is seen may be written raw, or by what the agent does not see.
   */
  private boolean isEveryDiskCovered() {
    Set<String> used = new HashSet<>();
    for (DiskMatch match : matches.values()) {
      if (match.unknown()) {
        return false;
      }
      used.addAll(match.on());
    }
    return disks.stream().map(CutDisk::name).allMatch(used::contains);
  }

  /** Said only where all file systems are placed: else one of them may lie there. */
  private List<String> withoutFileSystem() {
    if (matches.isEmpty() || matches.values().stream().anyMatch(DiskMatch::unknown)) {
      return List.of();
    }
    Set<String> used = new HashSet<>();
    matches.values().forEach(match -> used.addAll(match.on()));
    return disks.stream()
        .map(CutDisk::name)
        .filter(name -> !used.contains(name))
        .map(name -> "the agent sees no file system on the disk " + name + ": it is cut as it is")
        .toList();
  }

  /** A device that is mounted twice freezes once. */
  private static int devices(List<GuestFilesystemInfo> fileSystems) {
    return (int) fileSystems.stream().map(GuestFilesystemInfo::name).distinct().count();
  }

  private static String name(GuestFilesystemInfo one) {
    return "file system " + one.mountpoint() + " (" + one.type() + ")";
  }
}
