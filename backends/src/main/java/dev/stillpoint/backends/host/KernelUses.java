package dev.stillpoint.backends.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a kernel has open itself, so that no process is seen to: swap space, and what it shows to
 * other machines as a target of SCSI (LIO, SCST) or NVMe.
 *
 * @param paths files and devices, by the names that the kernel was told
 * @param devices the numbers of devices, as {@code major:minor}
 */
record KernelUses(Set<String> paths, Set<String> devices) {
  /** Said of what is among them. */
  static final String WORDS =
      "the kernel has it open, as swap space or for other machines (a target of SCSI or NVMe)";

  private static final String SWAPS = "swaps";

  /** Where a kernel tells of them, if it has such a thing. */
  private static final List<String> PLACES =
      List.of(
          "proc/" + SWAPS,
          "sys/kernel/config/target/core",
          "sys/kernel/config/nvmet/subsystems",
          "sys/kernel/scst_tgt/devices");

  /** The files there, the first of which is a place itself. */
  private static final List<String> FILES = List.of(SWAPS, "info", "device_path", "filename");

  private static final int DEPTH = 4;

  /** The size and the type behind it keep a path apart that stands on a line by itself. */
  private static final Pattern SWAP = Pattern.compile("(/\\S+)\\s+(?:file|partition)\\s+\\d.*");

  /** Of LIO: a file, and a device by its number. */
  private static final Pattern SCSI_FILE = Pattern.compile(".*\\bFile: (/.*)  Size: \\d+ .*");

  private static final Pattern SCSI_DEVICE =
      Pattern.compile("\\s*Major: (\\d+) Minor: (\\d+) +CLAIMED.*");

  KernelUses {
    paths = Set.copyOf(paths);
    devices = Set.copyOf(devices);
  }

  /** What this kernel tells. */
  static KernelUses own() throws IOException {
    return below(Path.of("/"));
  }

  static KernelUses below(Path root) throws IOException {
    var text = new StringBuilder();
    for (String place : PLACES) {
      Path start = root.resolve(place);
      if (Files.exists(start)) {
        for (Path file : files(start)) {
          text.append(read(file)).append('\n');
        }
      }
    }
    return in(text.toString());
  }

  private static String read(Path file) throws IOException {
    try {
      // A path may be of any bytes; one that is no text is not found, and fails nothing.
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (NoSuchFileException removedMeanwhile) {
      return "";
    }
  }

  private static List<Path> files(Path start) throws IOException {
    try (Stream<Path> all = Files.walk(start, DEPTH)) {
      return all.filter(path -> FILES.contains(String.valueOf(path.getFileName()))).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** A command that prints the same of another machine; it complains of what is not there. */
  static List<String> command() {
    var command = new ArrayList<>(List.of("find"));
    PLACES.forEach(place -> command.add("/" + place));
    command.addAll(List.of("-maxdepth", Integer.toString(DEPTH), "("));
    for (String file : FILES) {
      if (!file.equals(FILES.get(0))) {
        command.add("-o");
      }
      command.addAll(List.of("-name", file));
    }
    command.addAll(List.of(")", "-exec", "cat", "{}", ";"));
    return command;
  }

  /** Reads what those files say. */
  static KernelUses in(String text) {
    var paths = new HashSet<String>();
    var devices = new HashSet<String>();
    for (String line : text.split("\n", -1)) {
      Matcher swap = SWAP.matcher(line);
      Matcher file = SCSI_FILE.matcher(line);
      Matcher device = SCSI_DEVICE.matcher(line);
      if (swap.matches()) {
        paths.add(unescaped(swap.group(1)));
      } else if (file.matches()) {
        paths.add(file.group(1));
      } else if (device.matches()) {
        devices.add(device.group(1) + ":" + device.group(2));
      } else if (line.startsWith("/")) {
        paths.add(line);
      }
    }
    return new KernelUses(paths, devices);
  }

  private static String unescaped(String path) {
    return Mount.plain(
        new String(path.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
  }
}
