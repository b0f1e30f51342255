package dev.stillpoint.qga.testing;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.wire.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A block device of a fake guest, as {@code guest-get-disks} tells it.
 *
 * @param name its node, such as {@code /dev/vda1}
 * @param dependencies the nodes under it, such as the physical volumes of a logical one
 * @param address absent for what is no real disk
 */
public record FakeBlockDevice(
    String name, boolean partition, List<String> dependencies, @Nullable FakeDisk address) {

  /** A whole disk. */
  public static FakeBlockDevice disk(String name, FakeDisk address) {
    return new FakeBlockDevice(name, false, List.of(), address);
  }

  /** A partition of a disk. */
  public static FakeBlockDevice partition(String name, String disk) {
    return new FakeBlockDevice(name, true, List.of(disk), null);
  }

  /** A device that the guest makes of others, such as a logical volume. */
  public static FakeBlockDevice on(String name, String... dependencies) {
    return new FakeBlockDevice(name, false, List.of(dependencies), null);
  }

  ObjectNode json() {
    ObjectNode json = Json.object().put("name", name).put("partition", partition);
    var under = json.putArray("dependencies");
    dependencies.forEach(under::add);
    if (address != null) {
      json.set("address", address.json());
    }
    return json;
  }
}
