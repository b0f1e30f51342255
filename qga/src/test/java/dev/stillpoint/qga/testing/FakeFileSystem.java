package dev.stillpoint.qga.testing;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.wire.Json;
import java.util.List;

/**
 * A mounted file system of a fake guest.
 *
 * @param name the device's short name, such as {@code vda1}
 * @param disks where it lies; empty where the agent cannot tell
 */
public record FakeFileSystem(
    String name, String mountpoint, String type, List<FakeDisk> disks, Freezing freezing) {

  /** What a freeze makes of it. */
  public enum Freezing {
    /** It freezes. */
    FREEZES,
    /** {@code EOPNOTSUPP} or {@code EBUSY}: the agent passes over it without a word. */
    SKIPPED,
    /** Any other errno: the agent thaws all that it froze and fails. */
    FAILS
  }

  /** A file system that freezes. */
  public static FakeFileSystem of(String name, String mountpoint, String type, FakeDisk... disks) {
    return new FakeFileSystem(name, mountpoint, type, List.of(disks), Freezing.FREEZES);
  }

  /** The same, but freezing ends like this. */
  public FakeFileSystem whose(Freezing other) {
    return new FakeFileSystem(name, mountpoint, type, disks, other);
  }

  ObjectNode json() {
    ObjectNode json = Json.object();
    json.put("name", name).put("mountpoint", mountpoint).put("type", type);
    json.put("used-bytes", 1_000_000L).put("total-bytes", 9_000_000L);
    var addresses = json.putArray("disk");
    disks.forEach(disk -> addresses.add(disk.json()));
    return json;
  }
}
