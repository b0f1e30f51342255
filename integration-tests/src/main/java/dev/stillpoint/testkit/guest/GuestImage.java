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
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A kernel and an initramfs for test guests, made from Debian packages only: the cloud kernel,
 * busybox, the guest agent of this host's suite or another and its libraries, lvm2 where a disk
 * wants it, the {@link ArrayParts} of an array, and the kit's own {@code init.sh}.
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
          "btrfs",
          "loop",
          "dm-mod");

  private static final List<String> SCRIPTS = List.of("init.sh", "fsfreeze-hook.sh", "lvm.conf");

  private static final String LOADER = "ld-linux-x86-64.so.2";
  private static final String LIBRARIES = "lib/x86_64-linux-gnu/";
  private static final Pattern RESOLVED =
      Pattern.compile("^\\s*(\\S+) => (/\\S+) \\(0x[0-9a-f]+\\)$");

  /** Asking apt takes a second or two, and what it says does not change while a JVM runs. */
  private static final Map<Kind, GuestImage> BUILT = new ConcurrentHashMap<>();

  /**
   * The image for this guest, built now if the cache does not hold it. Safe from many processes.
   */
  static GuestImage build(GuestConfig config) {
    var kind = new Kind(config.agentSuite(), config.usesLvm(), config.array());
    GuestImage last = BUILT.get(kind);
    if (last != null && Files.exists(last.kernel()) && Files.exists(last.initramfs())) {
      return last;
    }
    GuestImage built = kind.build();
    BUILT.put(kind, built);
    return built;
  }

  /** What images differ in. */
  private record Kind(String agentSuite, boolean lvm, Optional<ArrayKind> array) {
    GuestImage build() {
      HostTools.require("apt-get", "apt-cache", "dpkg");
      DebianPackages base = DebianPackages.base();
      DebianPackages agent = DebianPackages.agent(agentSuite);
      Optional<DebianPackages> volumes = lvm ? Optional.of(DebianPackages.lvm()) : Optional.empty();
      Optional<ArrayParts> server = array.map(kind -> ArrayParts.of(kind, base));
      var parts = new ArrayList<String>();
      parts.addAll(base.names());
      parts.addAll(agent.names());
      volumes.ifPresent(packages -> parts.addAll(packages.names()));
      for (String script : SCRIPTS) {
        parts.add(text(script));
      }
      parts.addAll(MODULES);
      server.ifPresent(more -> parts.addAll(more.key()));
      String key = Cache.key(parts);
      Path entry =
          Cache.entry("image", key, directory -> make(directory, base, agent, volumes, server));
      return new GuestImage(entry.resolve("vmlinuz"), entry.resolve("initramfs"), key);
    }
  }

  private static void make(
      Path directory,
      DebianPackages base,
      DebianPackages agent,
      Optional<DebianPackages> volumes,
      Optional<ArrayParts> server)
      throws IOException {
    Path root = Files.createDirectory(directory.resolve("packages"));
    Path kernel = unpack(base, root.resolve("base"));
    Files.copy(single(kernel.resolve("boot"), "vmlinuz-"), directory.resolve("vmlinuz"));
    try (var archive = new CpioArchive(directory.resolve("initramfs"))) {
      archive.file("init", resource("init.sh"));
      archive.file("etc/qemu/fsfreeze-hook", resource("fsfreeze-hook.sh"));
      archive.file("bin/busybox", first(kernel, "bin/busybox", "usr/bin/busybox"));
      addModules(archive, kernel, MODULES);
      Path agents = unpack(agent, root.resolve("agent"));
      addProgram(archive, agents, first(agents, "usr/sbin/qemu-ga", "usr/bin/qemu-ga"), "");
      archive.link("lib64/" + LOADER, "/" + LIBRARIES + LOADER);
      if (volumes.isPresent()) {
        // Beside the agent's, which may be of another suite.
        Path manager = unpack(volumes.get(), root.resolve("lvm"));
        addProgram(archive, manager, first(manager, "sbin/lvm", "usr/sbin/lvm"), "lvm/");
        archive.file("etc/lvm/lvm.conf", resource("lvm.conf"));
      }
      if (server.isPresent()) {
        server.get().addTo(archive, kernel, root);
      }
    }
    FileTrees.delete(root);
  }

  static Path unpack(DebianPackages packages, Path directory) throws IOException {
    packages.unpackInto(Files.createDirectory(directory));
    return directory;
  }

  /** The packages' own loader says which of their libraries the program needs. */
  static void addProgram(CpioArchive archive, Path root, Path program, String prefix)
      throws IOException {
    Path loader = first(root, LIBRARIES + LOADER, "usr/" + LIBRARIES + LOADER);
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
                program.toString()));
    archive.file(prefix + "usr/sbin/" + program.getFileName(), program);
    archive.file(prefix + LIBRARIES + LOADER, loader);
    for (String line : listing.lines().toList()) {
      var matcher = RESOLVED.matcher(line);
      if (matcher.matches() && !matcher.group(1).contains(LOADER)) {
        archive.file(prefix + LIBRARIES + matcher.group(1), Path.of(matcher.group(2)));
      }
    }
  }

  /** Of a kernel's modules those of these names, for init to load. */
  static void addModules(CpioArchive archive, Path root, List<String> modules) throws IOException {
    Path tree =
        Files.isDirectory(root.resolve("lib/modules"))
            ? root.resolve("lib")
            : root.resolve("usr/lib");
    try (Stream<Path> files = Files.walk(tree.resolve("modules"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Optional<String> module = wanted(file, modules);
        if (module.isPresent()) {
          archive.file("modules/" + module.get() + ".ko", plain(file));
        }
      }
    }
  }

  private static Optional<String> wanted(Path file, List<String> modules) {
    String name = Objects.requireNonNull(file.getFileName()).toString();
    return modules.stream()
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

  static Path first(Path root, String... candidates) throws IOException {
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

  static String text(String name) {
    return new String(resource(name), StandardCharsets.UTF_8);
  }

  static byte[] resource(String name) {
    try (InputStream in = GuestImage.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
