package dev.stillpoint.backends.host;

import java.util.List;

/** Tells a failure for want of room from others. */
public final class Room {
  /** ENOSPC and EDQUOT, as the C library words them where the locale is {@code C.UTF-8}. */
  private static final List<String> NONE =
      List.of("No space left on device", "Disk quota exceeded");

  private Room() {}

  /** Whether a program, or the kernel, says that there is none. */
  public static boolean isNone(String message) {
    return NONE.stream().anyMatch(message::contains);
  }
}
