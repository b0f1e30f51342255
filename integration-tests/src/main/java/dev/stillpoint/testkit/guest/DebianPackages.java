package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.HostCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The Debian packages that make up the guest, as this host's apt knows them, with their versions.
 * Nothing is installed: packages are downloaded and unpacked beside the system.
 *
 * @param versions package name to version, sorted
 */
record DebianPackages(Map<String, String> versions) {
  private static final Path ANYWHERE = Path.of("/");
  private static final String KERNEL = "linux-image-cloud-amd64";
  private static final String AGENT = "qemu-guest-agent";
  private static final String BUSYBOX = "busybox-static";
  private static final Pattern DEPENDS = Pattern.compile("^ [ |]Depends: ([a-z0-9][^ <]*)$");
  private static final Pattern PACKAGE = Pattern.compile("^([a-z0-9][^ ]*):$");
  private static final Pattern CANDIDATE = Pattern.compile("^ +Candidate: (\\S+)$");

  DebianPackages {
    versions = Map.copyOf(versions);
  }

  /** Asks apt; brings its lists up to date only where they do not know the packages. */
  static DebianPackages resolve() {
    Result known = lookUp();
    if (known.complete()) {
      return known.packages();
    }
    update();
    Result fresh = lookUp();
    if (!fresh.complete()) {
      throw new IllegalStateException(
          "apt does not know all of "
              + KERNEL
              + ", "
              + AGENT
              + ", "
              + BUSYBOX
              + " and their libraries;"
              + " as root: apt-get update (the guest is built from Debian's amd64 packages)");
    }
    return fresh.packages();
  }

  private static Result lookUp() {
    var wanted = new TreeSet<>(List.of(AGENT, BUSYBOX));
    List<String> kernels =
        depends(List.of(KERNEL)).stream().filter(name -> name.startsWith("linux-image-")).toList();
    wanted.addAll(kernels);
    List<String> libraries = libraries(depends(List.of(AGENT)));
    wanted.addAll(libraries);
    // The agent names glib, and glib names what it was linked with.
    wanted.addAll(libraries(depends(libraries)));
    Map<String, String> versions = candidates(wanted);
    boolean complete =
        !kernels.isEmpty() && !libraries.isEmpty() && versions.keySet().containsAll(wanted);
    return new Result(new DebianPackages(versions), complete);
  }

  private static List<String> libraries(Collection<String> names) {
    return names.stream().filter(name -> name.startsWith("lib")).toList();
  }

  private static List<String> depends(List<String> names) {
    if (names.isEmpty()) {
      return List.of();
    }
    var command = new ArrayList<>(List.of("apt-cache", "depends"));
    command.addAll(names);
    var found = new ArrayList<String>();
    for (String line : HostCommand.attempt(ANYWHERE, command).output().lines().toList()) {
      var matcher = DEPENDS.matcher(line);
      if (matcher.matches()) {
        found.add(matcher.group(1));
      }
    }
    return found;
  }

  private static Map<String, String> candidates(Collection<String> names) {
    var command = new ArrayList<>(List.of("apt-cache", "policy"));
    command.addAll(names);
    var versions = new TreeMap<String, String>();
    String current = "";
    for (String line : HostCommand.attempt(ANYWHERE, command).output().lines().toList()) {
      var name = PACKAGE.matcher(line);
      var candidate = CANDIDATE.matcher(line);
      if (name.matches()) {
        current = name.group(1);
      } else if (candidate.matches() && !candidate.group(1).equals("(none)")) {
        versions.put(current, candidate.group(1));
      }
    }
    return versions;
  }

  private static void update() {
    if (!isRoot()) {
      throw new IllegalStateException(
          "apt's lists are missing or out of date; as root: apt-get update");
    }
    HostCommand.run(ANYWHERE, List.of("apt-get", "update", "-q"));
  }

  private static boolean isRoot() {
    try {
      return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Downloads all packages and unpacks them, one over the other, into {@code directory}. */
  void unpackInto(Path directory) throws IOException {
    Path archives = Files.createDirectory(directory.resolve("archives"));
    try {
      download(archives);
      try (Stream<Path> files = Files.list(archives)) {
        for (Path file : files.filter(name -> name.toString().endsWith(".deb")).toList()) {
          HostCommand.run(archives, List.of("dpkg", "-x", file.toString(), directory.toString()));
        }
      }
    } finally {
      FileTrees.delete(archives);
    }
  }

  private void download(Path archives) {
    var command = new ArrayList<>(List.of("apt-get", "download", "-q"));
    versions.forEach((name, version) -> command.add(name + "=" + version));
    if (HostCommand.attempt(archives, command).status() != 0) {
      // The mirror has moved on since the lists were fetched: the file may have another name now.
      update();
      HostCommand.run(archives, command);
    }
  }

  private record Result(DebianPackages packages, boolean complete) {}
}
