package dev.stillpoint.cli;

import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.disk.Layers;
import dev.stillpoint.core.disk.PossibleMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Layers for a person: each one below, and to the right of, what stands on it. */
final class LayersText {
  private static final String STEP = "  ";

  private LayersText() {}

  static List<String> lines(Layers layers) {
    var lines = new ArrayList<String>();
    lines.add("disk " + layers.disk());
    for (int i = 0; i < layers.chain().size(); i++) {
      addStack(lines, layers.chain().get(i), STEP.repeat(i + 1), i == 0 ? "" : "backing ");
    }
    lines.add("methods");
    for (PossibleMethod method : PossibleMethod.of(layers)) {
      lines.add(
          STEP
              + method.method()
              + " at "
              + label(method.layer())
              + standard(method.standard())
              + ": "
              + method.why());
    }
    layers.notes().forEach(note -> lines.add("note: " + note));
    lines.replaceAll(Plain::line);
    return lines;
  }

  private static String standard(PossibleMethod.Standard standard) {
    return switch (standard) {
      case NO -> "";
      case IN_MACHINE -> ", the default of a machine";
      case BARE -> ", the default of a bare disk";
      case ALWAYS -> ", the default";
    };
  }

  private static void addStack(
      List<String> lines, Layers.Stack stack, String indent, String prefix) {
    lines.add(indent + prefix + label(stack.image()) + (stack.image().probed() ? ", probed" : ""));
    String deeper = indent;
    for (Layer layer : stack.under()) {
      deeper += STEP;
      lines.add(deeper + text(layer));
    }
  }

  /** In a few words, to refer to. */
  static String label(Layer layer) {
    return switch (layer) {
      case Layer.Image image -> "image " + image.name() + " (" + image.format() + ")";
      case Layer.File file -> "file " + file.path();
      case Layer.FileSystem system -> "file system " + system.mountPoint();
      case Layer.BlockDevice device -> "block device " + device.device();
      case Layer.Partition partition -> "partition " + partition.device();
      case Layer.Loop loop -> "loop device " + loop.device();
      case Layer.LogicalVolume volume -> "logical volume " + volume.group() + "/" + volume.name();
      case Layer.Mapping mapping -> "device mapper " + mapping.device();
      case Layer.Zvol volume -> "zvol " + volume.dataset();
      case Layer.RbdImage rbd ->
          "rbd image "
              + rbd.pool()
              + rbd.namespace().map(name -> "/" + name).orElse("")
              + "/"
              + rbd.image()
              + rbd.snapshot().map(name -> "@" + name).orElse("");
      case Layer.Remote remote -> remote.protocol() + " " + remote.address();
      case Layer.Several several ->
          several.devices().stream().map(LayersText::label).collect(Collectors.joining(" and "));
      case Layer.Unseen unseen -> "not known: " + unseen.name();
    };
  }

  /** All that a person wants of it. */
  private static String text(Layer layer) {
    String more =
        switch (layer) {
          case Layer.File file -> " (inode " + file.inode() + " on " + file.device() + ")";
          case Layer.FileSystem system -> " (" + of(system) + ")";
          case Layer.BlockDevice device ->
              " ("
                  + device.number()
                  + device.bytes().map(bytes -> ", " + bytes + " bytes").orElse("")
                  + ")";
          case Layer.Partition partition ->
              " (" + partition.number() + ", number " + partition.index() + ")";
          case Layer.Loop loop ->
              " ("
                  + loop.number()
                  + (loop.offset() == 0 ? "" : ", from byte " + loop.offset())
                  + ")";
          case Layer.LogicalVolume volume -> " (" + of(volume) + ")";
          case Layer.Mapping mapping -> " (" + mapping.number() + ", " + mapping.uuid() + ")";
          case Layer.Zvol volume -> " (" + volume.device() + ", " + volume.number() + ")";
          case Layer.Unseen unseen -> ", " + unseen.why();
          case Layer.Image i -> "";
          case Layer.RbdImage i -> "";
          case Layer.Remote i -> "";
          case Layer.Several i -> "";
        };
    return label(layer) + more;
  }

  private static String of(Layer.FileSystem system) {
    String part =
        system
            .part()
            .map(name -> (system.type().equals("btrfs") ? ", subvolume " : ", dataset ") + name)
            .orElse("");
    String reflink = system.reflink().map(can -> can ? ", reflink" : ", no reflink").orElse("");
    return system.type() + " from " + system.source() + part + reflink;
  }

  private static String of(Layer.LogicalVolume volume) {
    return volume.number()
        + volume.pool().map(pool -> ", thin in " + pool).orElse(", classic")
        + volume.origin().map(origin -> ", a snapshot of " + origin).orElse("");
  }
}
