package dev.stillpoint.cli;

import dev.stillpoint.backends.disks.DescribedDisk;
import dev.stillpoint.core.disk.xml.DiskXml;
import dev.stillpoint.core.disk.xml.DiskXmlException;
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
import java.util.Optional;
import java.util.Stack;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Disks that libvirt's XML describes, each with a method of its own where one is given. */
final class DiskXmlOptions {
  /** The longest file that is read, in bytes; {@link DiskXml} takes no longer text either. */
  static final int MAX_BYTES = DiskXml.MAX_LENGTH;

  private static final String STANDARD_INPUT = "-";

  @Option(
      names = "--disk-xml",
      paramLabel = "FILE",
      parameterConsumer = NextDisk.class,
      description =
          "a disk as libvirt's <disk> describes it, instead of --disk; '-' is standard input; may be"
              + " repeated")
  private List<String> disks = new ArrayList<>();

  @Option(
      names = "--method-xml",
      paramLabel = "FILE",
      parameterConsumer = ItsMethod.class,
      description =
          "a <diskSnapshot> for the --disk-xml before it, instead of the one in the disk")
  private List<String> methods = new ArrayList<>();

  private final List<Given> given = new ArrayList<>();

  /** A file, and that of its method. */
  private record Given(String disk, Optional<String> method) {}

  /** Whether any disk is described. */
  boolean isEmpty() {
    return given.isEmpty();
  }

  /**
   * Reads the files.
   *
   * @throws ParameterException for a file that cannot be read or is no such XML; it names file and
   *     line
   */
  List<DescribedDisk> read(CommandLine command) {
    long fromInput =
        given.stream()
            .flatMap(one -> Stream.concat(Stream.of(one.disk()), one.method().stream()))
            .filter(STANDARD_INPUT::equals)
            .count();
    if (fromInput > 1) {
      throw new ParameterException(command, "standard input can be one of the XML files only");
    }
    List<DescribedDisk> read = new ArrayList<>();
    for (Given one : given) {
      DescribedDisk disk = parsed(command, one.disk(), DescribedDisk::parse);
      read.add(
          one.method().isPresent()
              ? parsed(command, one.method().get(), disk::withMethod)
              : disk);
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

  private void addDisk(String file) {
    given.add(new Given(file, Optional.empty()));
  }

  private void addMethod(String file) {
    Given last = given.isEmpty() ? null : given.get(given.size() - 1);
    if (last == null || last.method().isPresent()) {
      throw new IllegalArgumentException(
          "--method-xml stands behind the one --disk-xml that it is for");
    }
    given.set(given.size() - 1, new Given(last.disk(), Optional.of(file)));
  }

  /** Takes the options in the order in which they stand; picocli keeps that for each name alone. */
  private abstract static class InOrder implements IParameterConsumer {
    private final BiConsumer<DiskXmlOptions, String> taker;

    InOrder(BiConsumer<DiskXmlOptions, String> taker) {
      this.taker = taker;
    }

    // The interface wants this old class.
    @Override
    @SuppressWarnings("JdkObsolete")
    public void consumeParameters(Stack<String> words, ArgSpec option, CommandSpec command) {
      if (words.isEmpty()) {
        throw new ParameterException(
            command.commandLine(), "an XML option has no FILE behind it", option, "");
      }
      try {
        taker.accept((DiskXmlOptions) Objects.requireNonNull(option.scope().get()), words.pop());
      } catch (IllegalArgumentException e) {
        throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()));
      } catch (Exception e) {
        throw new IllegalStateException("picocli keeps the options in an object", e);
      }
    }
  }

  /** A disk. */
  static final class NextDisk extends InOrder {
    NextDisk() {
      super(DiskXmlOptions::addDisk);
    }
  }

  /** The method of the disk before it. */
  static final class ItsMethod extends InOrder {
    ItsMethod() {
      super(DiskXmlOptions::addMethod);
    }
  }
}
