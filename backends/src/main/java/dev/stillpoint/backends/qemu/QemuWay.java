package dev.stillpoint.backends.qemu;

/** The ways in which QEMU can put an overlay on a disk. */
public enum QemuWay {
  /**
   * Overlays are made and attached before the freeze; the cut is {@code blockdev-snapshot}. The
   * shortest hold, and the only one that syncs nothing in it.
   */
  PREPARED("prepared"),
  /** Overlays are made before the freeze and opened in it: {@code blockdev-snapshot-sync}. */
  SYNC_EXISTING("sync-existing"),
  /** QEMU makes the overlays in the hold; used only when asked for. */
  SYNC_ABSOLUTE("sync-absolute");

  private final String text;

  QemuWay(String text) {
    this.text = text;
  }

  /** The way of this name, as on the command line. */
  public static QemuWay parse(String text) {
    for (QemuWay way : values()) {
      if (way.text.equals(text)) {
        return way;
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is none of prepared, sync-existing, sync-absolute");
  }

  @Override
  public String toString() {
    return text;
  }
}
