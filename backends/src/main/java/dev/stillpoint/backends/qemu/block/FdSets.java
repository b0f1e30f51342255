package dev.stillpoint.backends.qemu.block;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.BlockDeviceInfo;
import dev.stillpoint.qmp.qapi.FdsetFdInfo;
import dev.stillpoint.qmp.qapi.FdsetInfo;
import dev.stillpoint.qmp.qapi.QueryFdsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The open files that were handed to a QEMU, its fd sets. The block graph calls such an image
 * {@code /dev/fdset/N}; its path is what whoever handed it over wrote beside it ({@code opaque}),
 * or what the kernel says where it may be asked. A set lives as long as a node uses it, and what is
 * written beside it with it, so that this map outlives us.
 */
public final class FdSets {
  private static final Pattern NAME = Pattern.compile("/dev/fdset/(\\d{1,18})");

  /** A path, or one behind words such as {@code rdwr:} and {@code stillpoint:...:}. */
  private static final Pattern OPAQUE = Pattern.compile("(?:[^/:]*:)*(/.*)", Pattern.DOTALL);

  /** What QEMU writes into the name of an image whose backing file it was told otherwise. */
  private static final Set<String> IMAGE_MEMBERS = Set.of("driver", "file", "backing");

  private static final Set<String> FILE_MEMBERS = Set.of("driver", "filename");

  private static final String JSON = "json:";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Map<Long, FdsetInfo> sets = new HashMap<>();
  private final Map<String, Long> overlays = new HashMap<>();
  private final Optional<ProcessIdentity> qemu;

  private FdSets(List<FdsetInfo> told, Optional<ProcessIdentity> qemu) {
    told.forEach(set -> sets.put(set.fdsetId(), set));
    this.qemu = qemu;
  }

  /** A storage daemon knows no sets; then there are none. */
  public static FdSets read(Monitor monitor, Deadline deadline) {
    try {
      return new FdSets(monitor.ask(new QueryFdsets(), deadline), monitor.qemu());
    } catch (CommandException.Refused e) {
      return none();
    }
  }

  /** Those of a block graph with these nodes; not asked for where no image is named by one. */
  static FdSets of(List<BlockDeviceInfo> nodes, Monitor monitor, Deadline deadline) {
    boolean handed = nodes.stream().anyMatch(node -> numberIn(name(node)).isPresent());
    FdSets sets = handed ? read(monitor, deadline) : none();
    sets.know(nodes);
    return sets;
  }

  private static FdSets none() {
    return new FdSets(List.of(), Optional.empty());
  }

  /** Whether this is the name of a set, of which nobody has told the path. */
  public static boolean isSet(String image) {
    return NAME.matcher(image).matches();
  }

  private static String name(BlockDeviceInfo node) {
    return node.image().filename();
  }

  /**
   * The name of an overlay holds those of all images below it, and QEMU cuts it off at 4096 bytes.
   * The file node below an overlay of ours is known by its own name.
   */
  private void know(List<BlockDeviceInfo> nodes) {
    Map<String, Long> files = new HashMap<>();
    for (BlockDeviceInfo node : nodes) {
      String nodeName = node.nodeName();
      if (nodeName != null) {
        numberIn(name(node)).ifPresent(number -> files.put(nodeName, number));
      }
    }
    for (BlockDeviceInfo node : nodes) {
      Optional.ofNullable(node.nodeName())
          .flatMap(OverlayNodes::prefixOf)
          .map(prefix -> files.get(OverlayNodes.file(prefix)))
          .ifPresent(number -> overlays.put(name(node), number));
    }
  }

  /** The name by which a set of this number is opened. */
  public static String name(long number) {
    return "/dev/fdset/" + number;
  }

  /**
   * The path of an image that was handed over; any other name, and one that nothing tells, stays.
   */
  String named(String image) {
    return number(image).flatMap(this::path).orElse(image);
  }

  /**
   * Why an image that was handed over cannot be cut; empty where nothing speaks against it, and for
   * an image that QEMU opened itself.
   */
  Optional<String> trouble(String image) {
    Optional<Long> number = number(image);
    if (number.isEmpty()) {
      return Optional.empty();
    }
    String name = name(number.get());
    Optional<String> path = path(number.get());
    if (path.isEmpty()) {
      return Optional.of(
          "QEMU has its image as the open file "
              + name
              + ", and nothing tells the path of that, which the overlay has to name; whoever hands"
              + " it over says so, with opaque=rdwr:/its/path of -add-fd or add-fd");
    }
    return OpenImages.trouble(qemu, path.get())
        .or(() ->
            isReadOnly(number.get())
                ? Optional.of(
                    "the set "
                        + name
                        + " has no descriptor any more that is open for writing, without which a late"
                        + " cut could not be taken back; hand one over with add-fd")
                : Optional.empty());
  }

  /** Empty, too, where several paths are told. */
  private Optional<String> path(long number) {
    List<FdsetFdInfo> descriptors = descriptors(number);
    Set<String> told =
        descriptors.stream().flatMap(one -> told(one).stream()).collect(Collectors.toSet());
    if (told.isEmpty() && qemu.isPresent()) {
      told =
          descriptors.stream()
              .flatMap(one -> OpenImages.path(qemu.get(), one.fd()).stream())
              .collect(Collectors.toSet());
    }
    return told.size() == 1 ? told.stream().findFirst() : Optional.empty();
  }

  private List<FdsetFdInfo> descriptors(long number) {
    FdsetInfo set = sets.get(number);
    return set == null ? List.of() : set.fds();
  }

  private static Optional<String> told(FdsetFdInfo descriptor) {
    String opaque = descriptor.opaque();
    if (opaque == null) {
      return Optional.empty();
    }
    Matcher found = OPAQUE.matcher(opaque);
    return found.matches() ? Optional.of(found.group(1)) : Optional.empty();
  }

  /** Only where the kernel says so of each. */
  private boolean isReadOnly(long number) {
    return qemu.isPresent()
        && descriptors(number).stream()
            .allMatch(one -> OpenImages.isReadOnly(qemu.get(), one.fd()));
  }

  /** Whether there is a set of this number. */
  public boolean has(long number) {
    return sets.containsKey(number);
  }

  /** The sets in which a descriptor's {@code opaque} begins like this. */
  public List<Long> beginningWith(String opaque) {
    return sets.values().stream()
        .filter(set ->
            set.fds().stream()
                .map(FdsetFdInfo::opaque)
                .anyMatch(one -> one != null && one.startsWith(opaque)))
        .map(FdsetInfo::fdsetId)
        .sorted()
        .toList();
  }

  private Optional<Long> number(String image) {
    return Optional.ofNullable(overlays.get(image)).or(() -> numberIn(image));
  }

  /** Of {@code /dev/fdset/N}, and of an image in it that QEMU calls {@code json:{...}}. */
  private static Optional<Long> numberIn(String image) {
    String file = image.startsWith(JSON) ? fileIn(image.substring(JSON.length())) : image;
    Matcher found = NAME.matcher(file);
    return found.matches() ? Optional.of(Long.parseLong(found.group(1))) : Optional.empty();
  }

  /** Empty where anything else is said of it, such as an offset, which a path could not tell. */
  private static String fileIn(String json) {
    try {
      JsonNode image = MAPPER.readTree(json);
      JsonNode file = image.path("file");
      boolean plain =
          hasOnly(image, IMAGE_MEMBERS)
              && hasOnly(file, FILE_MEMBERS)
              && file.path("driver").asText().equals("file");
      return plain ? file.path("filename").asText() : "";
    } catch (JsonProcessingException e) {
      return "";
    }
  }

  private static boolean hasOnly(JsonNode object, Set<String> members) {
    return object.properties().stream().allMatch(member -> members.contains(member.getKey()));
  }
}
