package dev.stillpoint.backends.lvm;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.LocatedDisk;
import java.util.List;
import java.util.regex.Pattern;

/** What LVM takes as names and paths. */
final class VolumeNames {
  /** The longest name of a volume, and of group and volume together as the device mapper has it. */
  static final int MAX_LENGTH = 127;

  /** LVM makes inner devices with endings of its own, of which the longest is {@code _pmspare}. */
  private static final int ROOM_FOR_ENDING = 8;

  private static final Pattern PATH = Pattern.compile("/dev/[A-Za-z0-9_+./-]{1,250}");
  private static final List<String> RESERVED =
      List.of(
          "_cdata",
          "_cmeta",
          "_corig",
          "_cpool",
          "_cvol",
          "_iorig",
          "_imeta",
          "_mimage",
          "_mlog",
          "_pmspare",
          "_rimage",
          "_rmeta",
          "_tdata",
          "_tmeta",
          "_vdata",
          "_vorigin",
          "_wcorig");

  private VolumeNames() {}

  /** Whether this may be the path of a volume; what LVM would not take is not handed to it. */
  static boolean isPath(String path) {
    return PATH.matcher(path).matches() && !path.contains("/../");
  }

  /** The name of the snapshot of a volume. */
  static String ofSnapshot(LocatedDisk disk, Volume volume, SnapshotName name) {
    String made = volume.name() + "." + name;
    if (RESERVED.stream().anyMatch(made::contains)) {
      throw disk.refusal(
          ErrorCode.BAD_REQUEST, "LVM keeps names such as '" + made + "' for itself");
    }
    int mapped = doubled(volume.group()) + 1 + doubled(made) + ROOM_FOR_ENDING;
    if (made.length() > MAX_LENGTH || mapped > MAX_LENGTH) {
      throw disk.refusal(
          ErrorCode.BAD_REQUEST,
          "the name '" + made + "' is too long for LVM in the group " + volume.group());
    }
    return made;
  }

  /** The device mapper doubles each dash. */
  private static int doubled(String name) {
    return name.replace("-", "--").length();
  }

  /** The name that a snapshot was given, if it is one of this volume by its name. */
  static boolean isOf(String volume, String snapshot) {
    return snapshot.length() > volume.length() + 1 && snapshot.startsWith(volume + ".");
  }
}
