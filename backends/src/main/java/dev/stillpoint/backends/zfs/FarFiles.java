package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The files of another machine, through GNU's coreutils and findutils there. */
final class FarFiles implements ZfsFiles {
  private final Programs programs;

  FarFiles(Programs programs) {
    this.programs = programs;
  }

  @Override
  public Optional<Located> locate(Path file, Deadline deadline) throws IOException {
    String path = programs.require(List.of("readlink", "-e", "--", file.toString()), deadline);
    // Only the last line break is the program's own.
    Path real = Path.of(path.substring(0, path.length() - 1));
    String kind = programs.require(kindOf(real), deadline).strip();
    if (!kind.startsWith("regular ")) {
      throw new IOException(real + " on " + programs.place() + " is a " + kind + ", and no image");
    }
    return Mounts.of(programs, deadline).of(real).map(mount -> new Located(real, mount));
  }

  @Override
  public boolean isDirectory(Path path, Deadline deadline) throws IOException {
    Said said = programs.run(kindOf(path), deadline);
    return said.status() == 0 && said.out().strip().equals("directory");
  }

  private static List<String> kindOf(Path path) {
    return List.of("stat", "-c", "%F", "--", path.toString());
  }

  @Override
  public Optional<String> user(Path path, Deadline deadline) {
    return DiskUsers.at(programs, path, deadline);
  }

  @Override
  public boolean isAlone(Path mountPoint, Path file, Deadline deadline) throws IOException {
    if (Mounts.of(programs, deadline).anyBelow(mountPoint, mountPoint.resolve(ZfsPlace.CONTROL))) {
      return false;
    }
    List<String> command =
        List.of(
            "find",
            mountPoint.toString(),
            "-xdev",
            "!",
            "-type",
            "d",
            "!",
            "-samefile",
            file.toString(),
            "-print",
            "-quit");
    return programs.require(command, deadline).isEmpty();
  }

  @Override
  public void replace(Path file, Path by, Check before, Deadline deadline) throws IOException {
    removeLeft(file, deadline);
    String copy = ZfsFiles.nextCopyOf(file).toString();
    try {
      programs.require(
          List.of("cp", "--archive", "--sparse=always", "--", by.toString(), copy), deadline);
      programs.require(List.of("sync", "--", copy), deadline);
      before.run();
      programs.require(
          List.of("mv", "--no-target-directory", "--force", "--", copy, file.toString()), deadline);
    } finally {
      programs.run(List.of("rm", "-f", "--", copy), deadline);
    }
  }

  private void removeLeft(Path file, Deadline deadline) throws IOException {
    List<String> command =
        List.of(
            "find",
            file.resolveSibling(".").toString(),
            "-mindepth",
            "1",
            "-maxdepth",
            "1",
            "-type",
            "f",
            "-name",
            ZfsFiles.copiesOf(file) + "*",
            "-printf",
            "%f\n");
    for (String name : programs.require(command, deadline).lines().toList()) {
      Path copy = file.resolveSibling(name);
      if (user(copy, deadline).isEmpty()) {
        programs.require(List.of("rm", "-f", "--", copy.toString()), deadline);
      }
    }
  }
}
