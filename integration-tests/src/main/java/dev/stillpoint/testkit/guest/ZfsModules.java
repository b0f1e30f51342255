package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.HostTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * OpenZFS's modules for the kernel of the kit's guests, which Debian has as source only: built once
 * and kept in the cache, by the kernel, the source and the way of building. That takes some minutes
 * and 17 MB of download; the host gives the compiler, and nothing of the host is changed.
 */
final class ZfsModules {
  /** Some five minutes on two quiet cores. */
  private static final Duration LIMIT = Duration.ofHours(1);

  private static final String KIND = "modules";
  private static final String SCRIPT = "build-zfs.sh";
  private static final String ENDING = ".ko";
  private static final String LOG = "log";

  /** As much of a failed build's words as tells the reason. */
  private static final int LAST_LINES = 20;

  private final DebianPackages kernel;
  private final DebianPackages headers;
  private final DebianPackages source;

  private ZfsModules(DebianPackages kernel, DebianPackages headers, DebianPackages source) {
    this.kernel = kernel;
    this.headers = headers;
    this.source = source;
  }

  /** Looks up what they are made of, for the kernel among these packages. */
  static ZfsModules of(DebianPackages kernel) {
    return new ZfsModules(kernel, kernel.headers(), DebianPackages.zfsSource());
  }

  /** What makes one build differ from another. */
  List<String> parts() {
    var parts = new ArrayList<>(headers.names());
    parts.addAll(source.names());
    parts.add(GuestImage.text(SCRIPT));
    return parts;
  }

  /** Puts them where init loads modules from; builds them now if the cache does not hold them. */
  void addTo(CpioArchive archive) throws IOException {
    Path built = Cache.entry(KIND, Cache.key(parts()), this::build);
    for (Path module : modules(built)) {
      archive.file("modules/" + module.getFileName(), module);
    }
  }

  private static List<Path> modules(Path tree) throws IOException {
    try (Stream<Path> files = Files.walk(tree)) {
      return files.filter(file -> file.toString().endsWith(ENDING)).sorted().toList();
    }
  }

  private void build(Path directory) throws IOException {
    HostTools.require("make", kernel.compiler(), "strip", "setsid", "sh");
    Path tree = Files.createDirectory(directory.resolve("tree"));
    headers.unpackInto(tree);
    source.unpackInto(tree);
    Path sources = tree.resolve("usr/src");
    Path own = sources.resolve("linux-headers-" + kernel.kernelRelease());
    Path common = sources.resolve(own.getFileName().toString().replaceAll("-cloud.*", "-common"));
    // It names its other half by where a package would be installed.
    Path makefile = own.resolve("Makefile");
    Files.writeString(
        makefile, Files.readString(makefile).replace("/usr/src/", sources.toString() + "/"));
    run(directory.resolve(LOG), zfs(sources), common, own);
    for (Path module : modules(zfs(sources).resolve("module"))) {
      Files.copy(module, directory.resolve(Objects.requireNonNull(module.getFileName())));
    }
    FileTrees.delete(tree);
  }

  private static Path zfs(Path sources) throws IOException {
    try (Stream<Path> found = Files.list(sources)) {
      return found
          .filter(one -> Objects.requireNonNull(one.getFileName()).toString().startsWith("zfs-"))
          .findFirst()
          .orElseThrow(() -> new IOException("there is no source of ZFS in " + sources));
    }
  }

  /** It ends with this JVM, in whatever way that ends: it then reads the end of its input. */
  private static void run(Path log, Path source, Path common, Path own) throws IOException {
    List<String> command =
        List.of(
            HostTools.path("sh"),
            "-c",
            GuestImage.text(SCRIPT),
            "build-zfs",
            source.toString(),
            common.toString(),
            own.toString(),
            Integer.toString(Runtime.getRuntime().availableProcessors()));
    Process process =
        new ProcessBuilder(command)
            .directory(source.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new UncheckedIOException(
            new IOException("OpenZFS could not be built for the guest's kernel: " + end(log)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while OpenZFS was built", e);
    } finally {
      process.getOutputStream().close();
    }
  }

  private static String end(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
  }
}
