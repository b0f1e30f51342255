package dev.stillpoint.it.methods;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Disks that are raw files, and what lies around them. */
final class FileDisks {
  static final int SIZE = 1 << 20;
  private static final int TEXT = 64;

  private FileDisks() {}

  /** A new disk in this file. */
  static LocatedDisk make(Path file, String method, String content) throws IOException {
    Files.write(file, new byte[SIZE]);
    LocatedDisk disk = located(file, method);
    write(disk, content);
    return disk;
  }

  static LocatedDisk located(Path file, String method) {
    return new LocatedDisk(
        SelectedDisk.named(file.toString()).withMethod(method),
        new DiskSource.File(file, "raw"),
        CutDisk.named(file.toString()));
  }

  /** The same with options of its method. */
  static LocatedDisk with(LocatedDisk disk, Map<String, String> options) {
    SelectedDisk selected = disk.selected();
    for (Map.Entry<String, String> option : options.entrySet()) {
      selected = selected.withOption(option.getKey(), option.getValue());
    }
    return new LocatedDisk(selected, disk.source(), disk.guest());
  }

  static Path file(DiskSource source) {
    return ((DiskSource.File) source).path();
  }

  static void write(LocatedDisk disk, String content) throws IOException {
    byte[] text = new byte[TEXT];
    byte[] begin = content.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(begin, 0, text, 0, begin.length);
    // In place, as a machine writes.
    try (var file = new RandomAccessFile(file(disk.source()).toFile(), "rw")) {
      file.write(text);
    }
  }

  static String read(DiskSource source) throws IOException {
    byte[] text = new byte[TEXT];
    try (var file = new RandomAccessFile(file(source).toFile(), "r")) {
      if (file.length() != SIZE) {
        throw new IOException(source + " has " + file.length() + " bytes");
      }
      file.readFully(text);
    }
    return new String(text, StandardCharsets.US_ASCII).replace("\0", "");
  }

  /** What lies under a directory, without the disks in it. */
  static Set<String> contents(Path home, Pattern disk) throws IOException {
    Set<String> found = new TreeSet<>();
    try (Stream<Path> paths = Files.walk(home)) {
      for (Path path : paths.toList()) {
        boolean isDisk =
            home.equals(path.getParent())
                && disk.matcher(String.valueOf(path.getFileName())).matches();
        if (!isDisk && !path.equals(home)) {
          Map<String, Object> seen =
              Files.readAttributes(path, "unix:ino,mode,size", LinkOption.NOFOLLOW_LINKS);
          Object size = Files.isDirectory(path) ? "" : seen.get("size");
          found.add(path + " " + seen.get("ino") + " " + seen.get("mode") + " " + size);
        }
      }
    }
    return found;
  }

  /** Uses a disk as a machine does: QEMU's block layer has it open for writing. */
  static AutoCloseable use(LocatedDisk disk) {
    String file = file(disk.source()).toString().replace(",", ",,");
    QemuProcess daemon =
        QemuProcess.storageDaemon(
            "--blockdev", "driver=file,node-name=disk,filename=" + file,
            "--nbd-server", "addr.type=unix,addr.path=n",
            "--export", "nbd,id=e,node-name=disk,name=e,writable=on");
    awaitGreeting(daemon);
    return daemon;
  }

  /** A daemon greets when everything on its command line is done. */
  static void awaitGreeting(QemuProcess daemon) {
    QmpClient.connect(Endpoint.unix(daemon.qmp())).join().close();
  }
}
