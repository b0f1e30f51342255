package dev.stillpoint.backends.qemu.chain;

import dev.stillpoint.backends.host.FileMark;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/** How far the merge of an overlay into the image below it has come, as a word on the overlay. */
enum MergeMark {
  /** It was not begun: the image below is the point in time. */
  NONE,
  /** The image below may hold some of what came later. The disk reads the overlay. */
  BEGUN,
  /** The machine may write to the image below already: the overlay may be old. */
  TURNING,
  /** The image below has all that the overlay has. */
  DONE;

  private static final FileMark MARK = new FileMark("stillpoint.overlay.merge");
  private static final String BEGUN_WORD = "begun";
  private static final String TURNING_WORD = "turning";
  private static final String DONE_WORD = "done ";

  /** Reads it; one that cannot be read, and one that is not right any more, is the worst. */
  static MergeMark of(Path overlay) {
    try {
      String word = MARK.read(overlay).orElse("");
      if (word.isEmpty()) {
        return NONE;
      }
      if (word.equals(BEGUN_WORD)) {
        return BEGUN;
      }
      return word.equals(DONE_WORD + stamp(overlay)) ? DONE : TURNING;
    } catch (IOException e) {
      return TURNING;
    }
  }

  /** Writes that it begins; before anything is written below. */
  static void begin(Path overlay) throws IOException {
    MARK.put(overlay, BEGUN_WORD);
    OverlayMark.sync(overlay);
  }

  /** Writes that the machine is told to write to the image below; before it is told. */
  static void turn(Path overlay) throws IOException {
    MARK.put(overlay, TURNING_WORD);
    OverlayMark.sync(overlay);
  }

  /** Writes that it is done, which holds for as long as nobody writes to the overlay. */
  static void finish(Path overlay) throws IOException {
    MARK.put(overlay, DONE_WORD + stamp(overlay));
  }

  /** Takes it off: the merge was refused before anything was written below. */
  static void remove(Path overlay) throws IOException {
    MARK.remove(overlay);
  }

  /** Another one when somebody has written to the file. */
  static String stamp(Path overlay) throws IOException {
    BasicFileAttributes now =
        Files.readAttributes(overlay, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return now.lastModifiedTime().to(TimeUnit.NANOSECONDS) + ":" + now.size();
  }
}
