package dev.stillpoint.cli;

import dev.stillpoint.backends.disks.DescribedDisk;
import dev.stillpoint.core.disk.xml.DiskXml;
import dev.stillpoint.core.disk.xml.DiskXmlException;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Stack;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Disks that libvirt's XML describes, each with a method of its own where one is given. */
final class DiskXmlOptions {
  /** The longest file that is read, in bytes; {@link DiskXml} takes no longer text either. */
  static final int MAX_BYTES = DiskXml.MAX_LENGTH;

  private static final String STANDARD_INPUT = "-";
  private static final String METHOD = "--method-xml";

  /** In the place of a method's file, for a disk that has none; no file is called so. */
  private static final String NONE = "";

  @Option(
      names = "--disk-xml",
      paramLabel = "FILE",
      parameterConsumer = InOrder.class,
      description =
          "a disk as libvirt's <disk> describes it, instead of --disk; '-' is standard input; may be"
              + " repeated")
  private final List<String> disks = new ArrayList<>();

  @Option(
      names = METHOD,
      paramLabel = "FILE",
      parameterConsumer = InOrder.class,
      description = "a <diskSnapshot> for the --disk-xml before it, instead of the one in the disk")
  private final List<String> methods = new ArrayList<>();

  /** Whether any disk is described. */
  boolean isEmpty() {
    return disks.isEmpty();
  }

  /**
   * Reads the files.
   *
   * @throws ParameterException for a file that cannot be read or is no such XML; it names file and
   *     line
   */
  List<DescribedDisk> read(CommandLine command) {
    if (disks.size() > SnapshotRequest.MAX_DISKS) {
      throw new ParameterException(
          command, "a request has at most " + SnapshotRequest.MAX_DISKS + " disks");
    }
    if (Stream.of(disks, methods).flatMap(List::stream).filter(STANDARD_INPUT::equals).count()
        > 1) {
      throw new ParameterException(command, "standard input can be one of the XML files only");
    }
    List<DescribedDisk> read = new ArrayList<>();
    for (int i = 0; i < disks.size(); i++) {
      DescribedDisk disk = parsed(command, disks.get(i), DescribedDisk::parse);
      String method = methods.get(i);
      read.add(method.equals(NONE) ? disk : parsed(command, method, disk::withMethod));
    }
    return List.copyOf(read);
  }

  private static DescribedDisk parsed(
      CommandLine command, String file, Function<String, DescribedDisk> parser) {
    String name = file.equals(STANDARD_INPUT) ? "standard input" : file;
    try {
      return parser.apply(text(file));
    } catch (DiskXmlException e) {
      throw mistake(command, name, String.valueOf(e.getMessage()));
    } catch (CharacterCodingException e) {
      throw mistake(command, name, "it is no text in UTF-8");
    } catch (NoSuchFileException e) {
      throw mistake(command, name, "there is no such file");
    } catch (IOException | InvalidPathException e) {
      throw mistake(command, name, "it cannot be read: " + e.getMessage());
    }
  }

  private static ParameterException mistake(CommandLine command, String file, String what) {
    return new ParameterException(command, Plain.line(file + ": " + what));
  }

  private static String text(String file) throws IOException {
    try (InputStream in =
        file.equals(STANDARD_INPUT) ? System.in : Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("it has more than " + MAX_BYTES + " bytes");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
  }

  private void add(String option, String file) {
    if (file.isEmpty()) {
      throw new IllegalArgumentException(option + " has no FILE behind it");
    }
    int last = disks.size() - 1;
    if (!option.equals(METHOD)) {
      disks.add(file);
      methods.add(NONE);
    } else if (last >= 0 && methods.get(last).equals(NONE)) {
      methods.set(last, file);
    } else {
      throw new IllegalArgumentException(
          METHOD + " stands behind the one --disk-xml that it is for");
    }
  }

  /** Takes both options in the order in which they stand; picocli keeps that of each alone. */
  static final class InOrder implements IParameterConsumer {
    // The interface wants this old class.
    @Override
    @SuppressWarnings("JdkObsolete")
    public void consumeParameters(Stack<String> words, ArgSpec option, CommandSpec command) {
      DiskXmlOptions options;
      try {
        options = Objects.requireNonNull(option.scope().get());
      } catch (Exception e) {
        throw new IllegalStateException("picocli keeps the options in an object", e);
      }
      try {
        options.add(((OptionSpec) option).longestName(), words.isEmpty() ? NONE : words.pop());
      } catch (IllegalArgumentException e) {
        throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()));
      }
    }
  }
}
