package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A kernel and an initramfs for test guests, made from Debian packages only: the cloud kernel,
 * busybox, the guest agent and its libraries, and the kit's own {@code init.sh}.
 *
 * <p>Kept in the cache, keyed by the versions of the packages and the contents of the scripts. The
 * first build takes a few seconds and 40 MB of download.
 *
 * @param kernel a bzImage for {@code -kernel}
 * @param initramfs an uncompressed cpio archive for {@code -initrd}
 * @param key names the contents: equal keys, equal images
 */
public record GuestImage(Path kernel, Path initramfs, String key) {
  /** All that init may load; what a kernel has built in is not there as a file. */
  private static final List<String> MODULES =
      List.of(
          "virtio_ring",
          "virtio",
          "virtio_pci_legacy_dev",
          "virtio_pci_modern_dev",
          "virtio_pci",
          "virtio_blk",
          "virtio_console",
          "libcrc32c",
          "xfs",
          "xor",
          "raid6_pq",
          "zstd_compress",
          "blake2b_generic",
          "btrfs");

  private static final String LOADER = "ld-linux-x86-64.so.2";
  private static final String LIBRARIES = "lib/x86_64-linux-gnu/";
  private static final Pattern RESOLVED =
      Pattern.compile("^\\s*(\\S+) => (/\\S+) \\(0x[0-9a-f]+\\)$");

  /** Asking apt takes a second or two, and what it says does not change while a JVM runs. */
  private static final AtomicReference<@Nullable GuestImage> LAST = new AtomicReference<>();

  /** The image, built now if the cache does not hold it. Safe from many processes at once. */
  public static GuestImage build() {
    GuestImage last = LAST.get();
    if (last != null && Files.exists(last.kernel()) && Files.exists(last.initramfs())) {
      return last;
    }
    GuestImage built = buildNow();
    LAST.set(built);
    return built;
  }

  private static GuestImage buildNow() {
    HostTools.require("apt-get", "apt-cache", "dpkg");
    DebianPackages packages = DebianPackages.resolve();
    byte[] init = resource("init.sh");
    byte[] hook = resource("fsfreeze-hook.sh");
    var parts = new ArrayList<String>();
    new TreeMap<>(packages.versions()).forEach((name, version) -> parts.add(name + "=" + version));
    parts.add(new String(init, StandardCharsets.UTF_8));
    parts.add(new String(hook, StandardCharsets.UTF_8));
    parts.addAll(MODULES);
    String key = Cache.key(parts);
    Path entry = Cache.entry("image", key, directory -> make(directory, packages, init, hook));
    return new GuestImage(entry.resolve("vmlinuz"), entry.resolve("initramfs"), key);
  }

  private static void make(Path directory, DebianPackages packages, byte[] init, byte[] hook)
      throws IOException {
    Path root = Files.createDirectory(directory.resolve("packages"));
    packages.unpackInto(root);
    Files.copy(single(root.resolve("boot"), "vmlinuz-"), directory.resolve("vmlinuz"));
    try (var archive = new CpioArchive(directory.resolve("initramfs"))) {
      archive.file("init", init);
      archive.file("etc/qemu/fsfreeze-hook", hook);
      archive.file("bin/busybox", first(root, "bin/busybox", "usr/bin/busybox"));
      archive.file("usr/sbin/qemu-ga", first(root, "usr/sbin/qemu-ga", "usr/bin/qemu-ga"));
      addLibraries(archive, root);
      addModules(archive, root);
    }
    FileTrees.delete(root);
  }

  /** The packages' own loader says which of their libraries the agent needs. */
  private static void addLibraries(CpioArchive archive, Path root) throws IOException {
    Path loader = first(root, LIBRARIES + LOADER, "usr/" + LIBRARIES + LOADER);
    Path agent = first(root, "usr/sbin/qemu-ga", "usr/bin/qemu-ga");
    String search = root.resolve(LIBRARIES) + ":" + root.resolve("usr/" + LIBRARIES);
    String listing =
        HostCommand.run(
            root,
            List.of(
                loader.toString(),
                "--inhibit-cache",
                "--library-path",
                search,
                "--list",
                agent.toString()));
    archive.file(LIBRARIES + LOADER, loader);
    archive.link("lib64/" + LOADER, "/" + LIBRARIES + LOADER);
    for (String line : listing.lines().toList()) {
      var matcher = RESOLVED.matcher(line);
      if (matcher.matches() && !matcher.group(1).contains(LOADER)) {
        archive.file(LIBRARIES + matcher.group(1), Path.of(matcher.group(2)));
      }
    }
  }

  private static void addModules(CpioArchive archive, Path root) throws IOException {
    Path tree =
        Files.isDirectory(root.resolve("lib/modules"))
            ? root.resolve("lib")
            : root.resolve("usr/lib");
    try (Stream<Path> files = Files.walk(tree.resolve("modules"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Optional<String> module = wanted(file);
        if (module.isPresent()) {
          archive.file("modules/" + module.get() + ".ko", plain(file));
        }
      }
    }
  }

  private static Optional<String> wanted(Path file) {
    String name = Objects.requireNonNull(file.getFileName()).toString();
    return MODULES.stream()
        .filter(module -> name.equals(module + ".ko") || name.equals(module + ".ko.xz"))
        .findFirst();
  }

  private static Path plain(Path module) {
    if (!module.toString().endsWith(".xz")) {
      return module;
    }
    HostCommand.run(Path.of("/"), List.of("xz", "--decompress", module.toString()));
    return Path.of(module.toString().substring(0, module.toString().length() - ".xz".length()));
  }

  private static Path first(Path root, String... candidates) throws IOException {
    for (String candidate : candidates) {
      if (Files.isRegularFile(root.resolve(candidate))) {
        return root.resolve(candidate);
      }
    }
    throw new IOException("the packages hold none of " + String.join(", ", candidates));
  }

  private static Path single(Path directory, String prefix) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> Objects.requireNonNull(file.getFileName()).toString().startsWith(prefix))
          .findFirst()
          .orElseThrow(() -> new IOException("no " + prefix + "* in " + directory));
    }
  }

  private static byte[] resource(String name) {
    try (InputStream in = GuestImage.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
