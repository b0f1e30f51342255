package dev.stillpoint.testkit.guest;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The disks of a guest that are not images of this host.
 *
 * @param nodes the options of the block node by the disk's index
 * @param qemu the words that start QEMU where it can open them
 */
record DisksElsewhere(Map<Integer, String> nodes, UnaryOperator<List<String>> qemu) {
  static final DisksElsewhere NONE = new DisksElsewhere(Map.of(), UnaryOperator.identity());

  DisksElsewhere {
    nodes = Map.copyOf(nodes);
  }
}
