package dev.stillpoint.backends;

import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Another process that has an image open and locks it as QEMU does for one that it only reads. */
public final class ImageHolder {
  /** What QEMU takes for "others may still read it consistently". */
  private static final long CONSISTENT_READ = 100;

  private ImageHolder() {}

  /** Starts it; it says {@code held} once it has it, and ends with its input. */
  public static Process start(Path image) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            ImageHolder.class.getName(),
            image.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  public static void main(String[] args) throws Exception {
    try (FileChannel image = FileChannel.open(Path.of(args[0]), StandardOpenOption.READ)) {
      image.lock(CONSISTENT_READ, 1, true);
      System.out.println("held");
      while (System.in.read() >= 0) {
        // Until the end of the input.
      }
    }
  }
}
