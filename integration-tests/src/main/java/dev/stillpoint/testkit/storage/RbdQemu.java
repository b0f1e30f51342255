package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.UnpackedPackages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The host's QEMU with its driver for Ceph, which Debian has in a package of its own. QEMU refuses
 * a driver of another build than itself, and says so: then the host's packages are to be upgraded.
 */
final class RbdQemu {
  private static final Path MODULES = Path.of("usr/lib/x86_64-linux-gnu/qemu");
  private static final String DRIVER = "block-rbd.so";

  /** What QEMU does not find by itself when a loader starts it. */
  private static final List<String> DATA =
      List.of("/usr/share/qemu", "/usr/share/seabios", "/usr/lib/ipxe/qemu");

  private final UnpackedPackages packages;
  private final Path modules;

  private RbdQemu(UnpackedPackages packages, Path modules) {
    this.packages = packages;
    this.modules = modules;
  }

  /**
   * Takes the driver from the cache, or downloads it.
   *
   * @param directory a new one, in which QEMU finds the host's modules and this one
   */
  static RbdQemu in(Path directory) {
    UnpackedPackages packages =
        UnpackedPackages.of("qemu-block-extra").withLibraries("usr/lib/x86_64-linux-gnu/ceph");
    try (Stream<Path> own = Files.list(Path.of("/").resolve(MODULES))) {
      Files.createDirectory(directory);
      for (Path module : own.filter(file -> !file.endsWith(DRIVER)).toList()) {
        Files.createSymbolicLink(directory.resolve(module.getFileName()), module);
      }
      Path driver = packages.file(MODULES.resolve(DRIVER).toString());
      Files.createSymbolicLink(directory.resolve(DRIVER), driver);
      return new RbdQemu(packages, directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The words that start {@code qemu-system-x86_64}, {@code qemu-img} or {@code qemu-io}. */
  List<String> command(List<String> command) {
    String program = command.get(0);
    var words = new ArrayList<>(List.of("env", "QEMU_MODULE_DIR=" + modules));
    words.addAll(packages.loading(HostTools.path(program)));
    if (program.startsWith("qemu-system-")) {
      DATA.forEach(directory -> words.addAll(List.of("-L", directory)));
    }
    words.addAll(command.subList(1, command.size()));
    return words;
  }
}
