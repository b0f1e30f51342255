package dev.stillpoint.testkit;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The programs of the host that the kit starts, and the Debian packages that bring them. */
public final class HostTools {
  /** Debian keeps file system tools here, and a user's {@code PATH} often does not. */
  private static final List<String> SYSTEM_DIRECTORIES = List.of("/usr/sbin", "/sbin");

  private static final Map<String, String> PACKAGES =
      Map.ofEntries(
          Map.entry("qemu-system-x86_64", "qemu-system-x86"),
          Map.entry("qemu-img", "qemu-utils"),
          Map.entry("qemu-io", "qemu-utils"),
          Map.entry("qemu-nbd", "qemu-utils"),
          Map.entry("qemu-storage-daemon", "qemu-system-common"),
          Map.entry("mkfs.ext4", "e2fsprogs"),
          Map.entry("e2fsck", "e2fsprogs"),
          Map.entry("dumpe2fs", "e2fsprogs"),
          Map.entry("debugfs", "e2fsprogs"),
          Map.entry("mkfs.xfs", "xfsprogs"),
          Map.entry("xfs_repair", "xfsprogs"),
          Map.entry("xfs_db", "xfsprogs"),
          Map.entry("mkfs.btrfs", "btrfs-progs"),
          Map.entry("btrfs", "btrfs-progs"),
          Map.entry("mount", "mount"),
          Map.entry("umount", "mount"),
          Map.entry("losetup", "mount"),
          Map.entry("apt-get", "apt"),
          Map.entry("apt-cache", "apt"),
          Map.entry("dpkg", "dpkg"),
          Map.entry("cp", "coreutils"),
          Map.entry("truncate", "coreutils"),
          Map.entry("xz", "xz-utils"),
          Map.entry("strip", "binutils"),
          Map.entry("setsid", "util-linux"),
          Map.entry("python3", "python3"),
          Map.entry("ssh", "openssh-client"),
          Map.entry("ssh-keygen", "openssh-client"),
          Map.entry("strace", "strace"));

  private HostTools() {}

  /**
   * Checks that every named program is there.
   *
   * @throws MissingToolsException naming what is missing, with the line that installs it
   */
  public static void require(String... tools) {
    var missing = new ArrayList<String>();
    for (String tool : tools) {
      if (find(tool).isEmpty()) {
        missing.add(tool);
      }
    }
    if (!missing.isEmpty()) {
      throw new MissingToolsException(missing, installLine(missing));
    }
  }

  /** The program's file: from {@code PATH}, or from the directories where Debian keeps it. */
  public static Optional<Path> find(String tool) {
    if (tool.startsWith("/")) {
      return Optional.of(Path.of(tool)).filter(Files::isExecutable);
    }
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
    return Stream.concat(Stream.of(path.split(File.pathSeparator)), SYSTEM_DIRECTORIES.stream())
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, tool))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** The program's absolute path, to start it with. */
  public static String path(String tool) {
    require(tool);
    return find(tool).orElseThrow().toString();
  }

  private static String installLine(List<String> missing) {
    var packages = new TreeSet<String>();
    for (String tool : missing) {
      packages.add(PACKAGES.getOrDefault(tool, tool));
    }
    return "apt-get install --no-install-recommends -y " + String.join(" ", packages);
  }

  /** Programs of the host are missing. The message ends with the line that installs them. */
  public static final class MissingToolsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String installLine;

    MissingToolsException(List<String> missing, String installLine) {
      super(
          "missing on this host: " + String.join(", ", missing) + "; install with: " + installLine);
      this.installLine = installLine;
    }

    /** The line to type, as root, that installs what is missing. */
    public String installLine() {
      return installLine;
    }
  }
}
