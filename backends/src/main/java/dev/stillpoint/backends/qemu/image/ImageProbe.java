package dev.stillpoint.backends.qemu.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.backends.host.HostProgram;
import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.qmp.secret.Redaction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an image file says of itself. Of a chain only this one image is opened: those below it are
 * named, and may be anywhere.
 *
 * @param format as QEMU names it; {@code unknown} where there is no {@code qemu-img} and the image
 *     is not a qcow2
 * @param backing what lies below it, as it is written there or made absolute
 * @param backingFormat as it is written there; one must not guess where it is
 * @param dataFile where the guest's data lies, when it is not in the image itself
 * @param note what could not be found out
 */
public record ImageProbe(
    String format,
    Optional<String> backing,
    Optional<String> backingFormat,
    Optional<String> dataFile,
    Optional<String> note) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * Reads an image, without its locks, and blocks for that.
   *
   * @param path of a regular file or a block device; absolute
   * @param format what it is known to be; empty to guess
   * @throws IOException when it cannot be read, or is not an image of that format
   */
  public static ImageProbe read(Path path, Optional<String> format) throws IOException {
    return read(HostProgram.find("qemu-img"), path, format);
  }

  static ImageProbe read(Optional<HostProgram> tool, Path path, Optional<String> format)
      throws IOException {
    if (tool.isEmpty()) {
      return header(path);
    }
    var arguments = new ArrayList<>(List.of("info", "--output=json", "-U"));
    format.ifPresent(known -> arguments.addAll(List.of("-f", known)));
    // An absolute path: QEMU takes it for no protocol, and qemu-img for no option.
    arguments.add(path.toString());
    Said said = tool.get().run(arguments);
    if (said.status() != 0) {
      throw new IOException(
          Redaction.ofText(
              said.err().strip().replaceFirst("^qemu-img: ", "").replaceAll("\\s*\\n\\s*", " ")));
    }
    return parse(said.out());
  }

  static ImageProbe parse(String json) throws IOException {
    JsonNode info;
    try {
      info = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IOException("qemu-img did not answer in JSON", e);
    }
    return new ImageProbe(
        text(info, "format").orElse("unknown"),
        text(info, "full-backing-filename").or(() -> text(info, "backing-filename")),
        text(info, "backing-filename-format"),
        text(info.path("format-specific").path("data"), "data-file"),
        Optional.empty());
  }

  private static ImageProbe header(Path path) {
    String missing = "qemu-img is not installed: of " + path + " only a qcow2 header could be read";
    try {
      Qcow2Header header = Qcow2Header.read(path);
      return new ImageProbe(
          "qcow2",
          header.backingFile(),
          header.backingFormat(),
          Optional.empty(),
          Optional.of(missing));
    } catch (IOException e) {
      return new ImageProbe(
          "unknown", Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(missing));
    }
  }

  private static Optional<String> text(JsonNode json, String key) {
    return Optional.ofNullable(json.get(key)).filter(JsonNode::isTextual).map(JsonNode::asText);
  }
}
