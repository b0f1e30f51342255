package dev.stillpoint.testkit.guest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Programs of Debian packages that are not installed: unpacked into the cache, with the libraries
 * that they were linked with. Their maintainers' scripts do not run, so that no daemon starts and
 * nothing of the host is replaced; a storage's own programs may be on it already.
 */
public final class UnpackedPackages {
  private static final Path LOADER = Path.of("lib64/ld-linux-x86-64.so.2");
  private static final List<Path> LIBRARIES =
      List.of(Path.of("lib/x86_64-linux-gnu"), Path.of("usr/lib/x86_64-linux-gnu"));

  /** Asking apt costs more than starting a daemon. */
  private static final Map<List<String>, Path> KNOWN = new ConcurrentHashMap<>();

  private final Path root;
  private final List<Path> libraries;

  private UnpackedPackages(Path root, List<Path> libraries) {
    this.root = root;
    this.libraries = List.copyOf(libraries);
  }

  /**
   * Takes them from the cache, or downloads and unpacks them.
   *
   * @param names of packages of the host's suite; at least one
   */
  public static UnpackedPackages of(String... names) {
    Path root = KNOWN.computeIfAbsent(List.of(names), UnpackedPackages::unpacked);
    return new UnpackedPackages(root, LIBRARIES.stream().map(root::resolve).toList());
  }

  private static Path unpacked(List<String> names) {
    DebianPackages packages =
        names.stream()
            .map(DebianPackages::ofHost)
            .reduce(DebianPackages::and)
            .orElseThrow(() -> new IllegalArgumentException("no package is named"));
    return Cache.entry("programs", Cache.key(packages.names()), packages::unpackInto);
  }

  /** The same with libraries that lie elsewhere in them, such as in a folder of a program's own. */
  public UnpackedPackages withLibraries(String... folders) {
    var more = new ArrayList<>(libraries);
    Stream.of(folders).map(root::resolve).forEach(more::add);
    return new UnpackedPackages(root, more);
  }

  /** A file in them, by its path without the leading slash. */
  public Path file(String path) {
    return root.resolve(path);
  }

  /** The words that start a program, to which its arguments are added. */
  public List<String> command(String program) {
    if (!Files.isExecutable(root.resolve(program))) {
      throw new IllegalArgumentException("there is no " + program + " in " + root);
    }
    return loading(root.resolve(program).toString());
  }

  /** The words that start a program of the host with these libraries before its own. */
  public List<String> loading(String program) {
    return List.of(
        root.resolve(LOADER).toString(),
        "--library-path",
        String.join(":", libraries.stream().map(Path::toString).toList()),
        program);
  }
}
