package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.HostCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Debian packages with the libraries that they need, as apt knows them, with their versions.
 * Nothing is installed: packages are downloaded and unpacked beside the system.
 *
 * @param versions package name to version
 */
record DebianPackages(Apt apt, Map<String, String> versions) {
  private static final String KERNEL = "linux-image-cloud-amd64";
  private static final String BUSYBOX = "busybox-static";
  private static final String AGENT = "qemu-guest-agent";
  private static final String LVM = "lvm2";
  private static final String NBD = "qemu-utils";
  private static final String SSHD = "openssh-server";
  private static final String ZFS = "zfsutils-linux";
  private static final String COREUTILS = "coreutils";
  private static final String FINDUTILS = "findutils";
  private static final String ZFS_SOURCE = "zfs-dkms";
  private static final String IMAGE = "linux-image-";
  private static final String COMPILER = "linux-compiler-";
  private static final Pattern GCC = Pattern.compile("gcc-[0-9]+");

  DebianPackages {
    versions = Map.copyOf(versions);
  }

  /** The host's suite's kernel, and a busybox that needs no library. */
  static DebianPackages base() {
    Apt apt = Apt.ofHost();
    DebianPackages known = lookUpBase(apt);
    if (known.versions().size() > 1) {
      return known;
    }
    apt.update();
    return demand(lookUpBase(apt), 2, KERNEL + " and " + BUSYBOX);
  }

  private static DebianPackages lookUpBase(Apt apt) {
    var wanted = new TreeSet<>(List.of(BUSYBOX));
    wanted.addAll(
        apt.depends(List.of(KERNEL)).stream().filter(name -> name.startsWith(IMAGE)).toList());
    return new DebianPackages(apt, apt.candidates(wanted));
  }

  /** The guest agent of the host's suite, or of another one; empty for the host's. */
  static DebianPackages agent(String suite) {
    if (suite.isEmpty()) {
      return ofHost(AGENT);
    }
    DebianPackages found = withLibraries(Apt.ofSuite(suite), AGENT);
    if (!found.versions().containsKey(AGENT)) {
      throw new UnavailableSuiteException(suite, AGENT);
    }
    return found;
  }

  /** The logical volume manager of the host's suite. */
  static DebianPackages lvm() {
    return ofHost(LVM);
  }

  /** The NBD server of the host's suite. */
  static DebianPackages nbd() {
    return ofHost(NBD);
  }

  /** The ssh server of the host's suite. */
  static DebianPackages sshd() {
    return ofHost(SSHD);
  }

  /**
   * The programs of OpenZFS, which Debian keeps in {@code contrib}, and those that a server has in
   * place of busybox's.
   */
  static DebianPackages zfs() {
    Apt apt = Apt.ofContrib();
    DebianPackages files = withLibraries(apt, COREUTILS).and(withLibraries(apt, FINDUTILS));
    return demand(withLibraries(apt, ZFS), 1, ZFS).and(demand(files, 2, COREUTILS));
  }

  /** The source of OpenZFS's kernel modules. */
  static DebianPackages zfsSource() {
    return demand(only(Apt.ofContrib(), List.of(ZFS_SOURCE)), 1, ZFS_SOURCE);
  }

  /** What modules are built with for the kernel among these, without the compiler. */
  DebianPackages headers() {
    String headers = "linux-headers-" + kernelRelease();
    var wanted = new TreeSet<>(List.of(headers));
    apt.depends(List.of(headers)).stream()
        .filter(name -> !name.startsWith(COMPILER))
        .forEach(wanted::add);
    return demand(only(apt, wanted), 2, headers);
  }

  /** The compiler that the kernel among these was made with, such as {@code gcc-12}. */
  String compiler() {
    return apt.depends(List.of("linux-headers-" + kernelRelease())).stream()
        .map(GCC::matcher)
        .filter(Matcher::find)
        .map(Matcher::group)
        .findFirst()
        .orElse("gcc");
  }

  /** The kernel among these, as {@code uname -r} says it. */
  String kernelRelease() {
    return versions.keySet().stream()
        .filter(name -> name.startsWith(IMAGE))
        .map(name -> name.substring(IMAGE.length()))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("there is no kernel in " + versions));
  }

  private static DebianPackages only(Apt apt, Collection<String> names) {
    return new DebianPackages(apt, apt.candidates(names));
  }

  /** Any package of the host's suite, with the libraries that it needs. */
  static DebianPackages ofHost(String name) {
    Apt apt = Apt.ofHost();
    DebianPackages known = withLibraries(apt, name);
    if (known.versions().containsKey(name)) {
      return known;
    }
    apt.update();
    return demand(withLibraries(apt, name), 1, name);
  }

  private static DebianPackages demand(DebianPackages found, int least, String what) {
    if (found.versions().size() < least) {
      throw new IllegalStateException(
          "apt does not know "
              + what
              + "; as root: apt-get update (the guest is built from Debian's amd64 packages)");
    }
    return found;
  }

  /** Libraries name what they were linked with in their turn. */
  private static DebianPackages withLibraries(Apt apt, String name) {
    var wanted = new TreeSet<>(List.of(name));
    List<String> next = List.of(name);
    while (!next.isEmpty()) {
      next = libraries(apt.depends(next)).stream().filter(wanted::add).toList();
    }
    return new DebianPackages(apt, apt.candidates(wanted));
  }

  private static List<String> libraries(Collection<String> names) {
    return names.stream().filter(name -> name.startsWith("lib")).toList();
  }

  /** Both, where they are of one suite. */
  DebianPackages and(DebianPackages more) {
    var all = new TreeMap<>(versions);
    all.putAll(more.versions());
    return new DebianPackages(apt, all);
  }

  /** {@code name=version} each, sorted: what makes one set differ from another. */
  List<String> names() {
    var names = new ArrayList<String>();
    new TreeMap<>(versions).forEach((name, version) -> names.add(name + "=" + version));
    return names;
  }

  /** Downloads all packages and unpacks them, one over the other, into {@code directory}. */
  void unpackInto(Path directory) throws IOException {
    Path archives = Files.createDirectory(directory.resolve("archives"));
    try {
      apt.download(archives, names());
      try (Stream<Path> files = Files.list(archives)) {
        for (Path file : files.filter(name -> name.toString().endsWith(".deb")).toList()) {
          HostCommand.run(archives, List.of("dpkg", "-x", file.toString(), directory.toString()));
        }
      }
    } finally {
      FileTrees.delete(archives);
    }
  }
}
