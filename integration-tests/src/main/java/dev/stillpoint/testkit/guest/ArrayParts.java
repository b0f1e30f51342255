package dev.stillpoint.testkit.guest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the image of an array holds beside that of every guest: a network card's modules, the NBD
 * server, an sshd, and the storage, whose modules are built here where the kernel has none.
 */
final class ArrayParts {
  private static final List<String> NETWORK = List.of("failover", "net_failover", "virtio_net");
  private static final List<String> SCRIPTS = List.of("array.sh", "packaged.sh", "sshd_config");
  private static final String SERVER = "qemu-nbd";
  private static final String SSHD = "sshd";

  private final ArrayKind kind;
  private final DebianPackages server;
  private final DebianPackages sshd;
  private final Optional<DebianPackages> storage;
  private final Optional<ZfsModules> built;

  private ArrayParts(
      ArrayKind kind,
      DebianPackages server,
      DebianPackages sshd,
      Optional<DebianPackages> storage,
      Optional<ZfsModules> built) {
    this.kind = kind;
    this.server = server;
    this.sshd = sshd;
    this.storage = storage;
    this.built = built;
  }

  /**
   * Looks up what there is. That of LVM is in the image of every guest that uses it.
   *
   * @param base the kernel
   */
  static ArrayParts of(ArrayKind kind, DebianPackages base) {
    boolean zfs = kind == ArrayKind.ZFS;
    return new ArrayParts(
        kind,
        DebianPackages.nbd(),
        DebianPackages.sshd(),
        zfs ? Optional.of(DebianPackages.zfs()) : Optional.empty(),
        zfs ? Optional.of(ZfsModules.of(base)) : Optional.empty());
  }

  /** What makes one differ from another. */
  List<String> key() {
    var parts = new ArrayList<>(server.names());
    parts.addAll(sshd.names());
    storage.ifPresent(packages -> parts.addAll(packages.names()));
    built.ifPresent(modules -> parts.addAll(modules.parts()));
    parts.addAll(modules());
    parts.addAll(kind.programs());
    SCRIPTS.forEach(script -> parts.add(GuestImage.text(script)));
    parts.add(GuestImage.text(kind.script()));
    return parts;
  }

  private List<String> modules() {
    var all = new ArrayList<>(NETWORK);
    all.addAll(kind.modules());
    return all;
  }

  /**
   * Puts all of it there.
   *
   * @param kernel the kernel's packages, unpacked
   * @param work where others may be unpacked
   */
  void addTo(CpioArchive archive, Path kernel, Path work) throws IOException {
    GuestImage.addModules(archive, kernel, modules());
    if (built.isPresent()) {
      built.get().addTo(archive);
    }
    Path nbd = GuestImage.unpack(server, work.resolve("nbd"));
    GuestImage.addProgram(archive, nbd, GuestImage.first(nbd, "usr/bin/" + SERVER), "nbd/");
    addSshd(archive, GuestImage.unpack(sshd, work.resolve("sshd")));
    if (storage.isPresent()) {
      Path zfs = GuestImage.unpack(storage.get(), work.resolve("zfs"));
      for (String program : kind.programs()) {
        Path file =
            GuestImage.first(
                zfs,
                "sbin/" + program,
                "usr/sbin/" + program,
                "bin/" + program,
                "usr/bin/" + program,
                "lib/udev/" + program,
                "usr/lib/udev/" + program);
        GuestImage.addProgram(archive, zfs, file, "zfs/");
      }
    }
    String script = GuestImage.text("array.sh") + "\n" + GuestImage.text(kind.script());
    archive.file("array.sh", script.getBytes(StandardCharsets.UTF_8));
    archive.file("bin/packaged", GuestImage.resource("packaged.sh"));
    archive.link("usr/sbin/" + SERVER, "/bin/packaged");
    archive.link("usr/sbin/" + SSHD, "/bin/packaged");
    for (String program : kind.programs()) {
      archive.link("usr/sbin/" + program, "/bin/packaged");
    }
  }

  private static void addSshd(CpioArchive archive, Path root) throws IOException {
    GuestImage.addProgram(archive, root, GuestImage.first(root, "usr/sbin/" + SSHD), "sshd/");
    archive.file("etc/ssh/sshd_config", GuestImage.resource("sshd_config"));
    // From 9.8 on it has these beside it.
    for (String part : List.of("sshd-session", "sshd-auth")) {
      Path program = root.resolve("usr/lib/openssh").resolve(part);
      if (Files.isRegularFile(program)) {
        GuestImage.addProgram(archive, root, program, "sshd/");
        archive.link("usr/lib/openssh/" + part, "/bin/packaged");
      }
    }
  }
}
