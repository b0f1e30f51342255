package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A machine without a guest: what that would write to its disk {@link #DISK} is written here. */
final class GuestlessMachine implements AutoCloseable {
  static final SelectedDisk DISK = SelectedDisk.named("vd0").withMethod("qemu");

  /** The size of its disk, all of which is written at once. */
  private static final String SIZE = "4M";

  private static final Duration SOON = Duration.ofSeconds(30);

  private final QemuProcess qemu;
  private QmpClient monitor;

  private GuestlessMachine(QemuProcess qemu) {
    this.qemu = qemu;
    this.monitor = connect(qemu.qmp());
  }

  /**
   * One whose disk is this image.
   *
   * @param more arguments of QEMU
   */
  static GuestlessMachine on(Path image, String... more) {
    var arguments = new ArrayList<>(List.of("-machine", "q35,accel=tcg", "-S"));
    arguments.addAll(List.of(more));
    arguments.addAll(List.of("-drive", "if=none,id=d0,format=qcow2,file=" + image));
    arguments.addAll(List.of("-device", "virtio-blk-pci,id=vd0,drive=d0"));
    return new GuestlessMachine(QemuProcess.machineNone(arguments.toArray(String[]::new)));
  }

  /** A new image for one. */
  static Path image(Path directory) {
    Path image = directory.resolve("disk.qcow2");
    HostCommand.run(
        directory, List.of("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), SIZE));
    return image;
  }

  /** Fails unless all of an image is this. */
  static void assertPattern(Path image, int octet) {
    String read = "read -P %d 0 %s".formatted(octet, SIZE);
    HostCommand.run(
        Path.of("/"), List.of("qemu-io", "-r", "-U", "-f", "qcow2", "-c", read, image.toString()));
  }

  static Deadline soon() {
    return Deadline.after(SOON);
  }

  static QmpClient connect(Path socket) {
    return QmpClient.connect(Endpoint.unix(socket)).join();
  }

  QmpClient monitor() {
    return monitor;
  }

  SnapshotStore store() {
    return SnapshotStore.of(monitor);
  }

  SnapshotResult take(
      String name, SelectedDisk disk, UnaryOperator<SnapshotEngine.Builder> configured) {
    var request = SnapshotRequest.named(name).disk(disk).quiesce(Quiesce.NEVER);
    return configured
        .apply(SnapshotEngine.builder().monitor(monitor))
        .build()
        .start(request)
        .result()
        .toCompletableFuture()
        .join();
  }

  /** Takes a snapshot, which has to succeed. */
  void taken(String name, SelectedDisk disk) {
    SnapshotResult result = take(name, disk, engine -> engine);
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
  }

  /** As its guest would, and to the disk. */
  void write(int octet) {
    for (String command : List.of("write -q -P %d 0 %s".formatted(octet, SIZE), "flush")) {
      var line = "qemu-io d0 \"" + command + "\"";
      var arguments = JsonNodeFactory.instance.objectNode().put("command-line", line);
      monitor.execute("human-monitor-command", arguments, SOON).join();
    }
  }

  /** A proxy before its one monitor, which nobody else can use meanwhile. */
  FaultProxy proxy() {
    monitor.close();
    return FaultProxy.before(qemu.qmp());
  }

  /** Somebody asks for a delete, and is gone at this moment. */
  SnapshotException lostAt(Moment moment, SnapshotName name) {
    try (FaultProxy between = proxy()) {
      between.arm(moment, Fault.cut(Side.BOTH));
      try (QmpClient lost = connect(between.socket())) {
        return assertThrows(
            SnapshotException.class, () -> SnapshotStore.of(lost).delete(DISK, name, soon()));
      }
    } finally {
      monitor = connect(qemu.qmp());
    }
  }

  /** Ends at once, and loses what was not flushed. */
  @Override
  public void close() {
    monitor.close();
    qemu.close();
  }
}
