package dev.stillpoint.testkit.guest;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Writes a {@code newc} cpio archive, the format of a Linux initramfs. Paths have no leading slash;
 * the directories above a member are added by themselves. Everything belongs to root, carries time
 * 0, and so equal contents give equal bytes.
 */
final class CpioArchive implements Closeable {
  private static final int DIRECTORY = 0040755;
  private static final int LINK = 0120777;
  private static final int PROGRAM = 0100755;
  private static final int ALIGNMENT = 4;
  private static final String TRAILER = "TRAILER!!!";

  private final OutputStream out;
  private final Set<String> directories = new HashSet<>();
  private long written;
  private int inode;

  CpioArchive(Path file) throws IOException {
    this.out = new BufferedOutputStream(Files.newOutputStream(file));
  }

  void file(String path, byte[] content) throws IOException {
    parents(path);
    member(path, PROGRAM, content);
  }

  void file(String path, Path source) throws IOException {
    file(path, Files.readAllBytes(source));
  }

  void link(String path, String target) throws IOException {
    parents(path);
    member(path, LINK, target.getBytes(StandardCharsets.UTF_8));
  }

  private void parents(String path) throws IOException {
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      String directory = path.substring(0, slash);
      if (directories.add(directory)) {
        member(directory, DIRECTORY, new byte[0]);
      }
    }
  }

  private void member(String path, int mode, byte[] content) throws IOException {
    byte[] name = (path + '\0').getBytes(StandardCharsets.UTF_8);
    int number = path.equals(TRAILER) ? 0 : ++inode;
    int[] fields = {number, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0};
    var header = new StringBuilder("070701");
    for (int field : fields) {
      header.append("%08X".formatted(field));
    }
    write(header.toString().getBytes(StandardCharsets.US_ASCII));
    write(name);
    pad();
    write(content);
    pad();
  }

  private void write(byte[] bytes) throws IOException {
    out.write(bytes);
    written += bytes.length;
  }

  private void pad() throws IOException {
    while (written % ALIGNMENT != 0) {
      out.write(0);
      written++;
    }
  }

  /** Writes the trailer; without it the archive is not one. */
  @Override
  public void close() throws IOException {
    try (out) {
      member(TRAILER, 0, new byte[0]);
    }
  }
}
