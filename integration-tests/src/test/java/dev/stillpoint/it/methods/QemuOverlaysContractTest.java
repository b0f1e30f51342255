package dev.stillpoint.it.methods;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.testing.SnapshotMethodContract;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.BlockInfo;
import dev.stillpoint.qmp.qapi.QueryBlock;
import dev.stillpoint.qmp.qapi.QueryNamedBlockNodes;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Overlays of a machine's disks; the machine has no guest, and its devices are written to by us.
 */
@Timeout(120)
class QemuOverlaysContractTest extends SnapshotMethodContract {
  private static final int SECTOR = 512;

  /** More than any test wants. */
  private static final int DISKS = 4;

  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir private Path home;
  @TempDir private Path sockets;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private @Nullable QemuProcess machine;
  private @Nullable QmpClient monitor;
  private int disks;

  @BeforeEach
  void startMachine() throws IOException {
    var arguments = new ArrayList<>(List.of("-machine", "q35,accel=tcg", "-S"));
    for (int i = 0; i < DISKS; i++) {
      run("qemu-img", "create", "-q", "-f", "qcow2", image(i).toString(), "1M");
      arguments.addAll(
          List.of("-drive", "if=none,id=d%d,format=qcow2,file=%s".formatted(i, image(i))));
      arguments.addAll(List.of("-device", "virtio-blk-pci,id=vd%d,drive=d%d".formatted(i, i)));
    }
    Path sealed = home.toRealPath().resolve("sealed.raw");
    run("qemu-img", "create", "-q", "-f", "raw", sealed.toString(), "1M");
    arguments.addAll(List.of("-drive", "if=none,id=ro,read-only=on,format=raw,file=" + sealed));
    arguments.addAll(List.of("-device", "virtio-blk-pci,id=sealed,drive=ro"));
    QemuProcess started = QemuProcess.machineNone(arguments.toArray(String[]::new));
    machine = started;
    opened.add(started);
    monitor = connect(started.qmp());
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : opened.reversed()) {
      one.close();
    }
  }

  private QmpClient connect(Path socket) {
    QmpClient client = QmpClient.connect(Endpoint.unix(socket)).join();
    opened.add(client);
    return client;
  }

  private Path image(int number) throws IOException {
    return home.toRealPath().resolve("disk" + number + ".qcow2");
  }

  private String run(String... command) {
    return HostCommand.run(home, List.of(command));
  }

  @Override
  protected SnapshotMethod newMethod() {
    QmpClient client = monitor;
    return client == null
        ? QemuOverlays.withoutMachine()
        : new QemuOverlays(client, Optional.empty());
  }

  /** What waits here waits for QEMU. */
  @Override
  protected SnapshotMethod newMethod(Runnable beforeWaiting) {
    QemuProcess running = Objects.requireNonNull(machine);
    Objects.requireNonNull(monitor).close();
    FaultProxy between = FaultProxy.before(running.qmp());
    opened.add(between);
    QmpClient client = connect(between.socket());
    between.watch(
        Moment.anyRequest()
            .where(line -> {
              beforeWaiting.run();
              return false;
            }));
    return new QemuOverlays(client, Optional.empty());
  }

  @Override
  protected LocatedDisk newDisk(String content) throws IOException {
    int number = disks++;
    LocatedDisk disk = disk("vd" + number, new DiskSource.File(image(number), "qcow2"));
    write(disk, content);
    return disk;
  }

  private static LocatedDisk disk(String name, DiskSource source) {
    return new LocatedDisk(
        SelectedDisk.named(name).withMethod("qemu"), source, CutDisk.named(name));
  }

  @Override
  protected LocatedDisk newUnservableDisk() {
    return disk("sealed", new DiskSource.File(home.resolve("sealed.raw"), "raw"));
  }

  @Override
  protected LocatedDisk atRest(LocatedDisk disk) throws IOException {
    QmpClient client = Objects.requireNonNull(monitor);
    DiskSource now = now(client, disk);
    // The process is killed, and has tables of the image in memory.
    io(disk, "flush");
    client.close();
    Objects.requireNonNull(machine).close();
    monitor = null;
    machine = null;
    return disk(now.address(), now);
  }

  /** What the device writes to. */
  private static DiskSource now(QmpClient client, LocatedDisk disk) {
    return client.execute(new QueryBlock(), SOON).join().stream()
        .filter(one -> one.device().equals(device(disk)))
        .map(BlockInfo::inserted)
        .map(inserted -> Path.of(Objects.requireNonNull(inserted).image().filename()))
        .map(path -> new DiskSource.File(path, "qcow2"))
        .findFirst()
        .orElseThrow();
  }

  private static String device(LocatedDisk disk) {
    return disk.name().substring(1);
  }

  @Override
  protected void write(LocatedDisk disk, String content) throws IOException {
    Path sector = home.toRealPath().resolve("sector");
    Files.write(sector, Arrays.copyOf(content.getBytes(StandardCharsets.US_ASCII), SECTOR));
    io(disk, "write -q -s " + sector + " 0 " + SECTOR);
    Files.delete(sector);
  }

  @Override
  protected String read(LocatedDisk disk) throws IOException {
    QmpClient client = monitor;
    if (client == null) {
      return readBackup(disk.source());
    }
    io(disk, "flush");
    return readBackup(now(client, disk));
  }

  private void io(LocatedDisk disk, String command) {
    QmpClient client = monitor;
    if (client == null) {
      run("qemu-io", "-f", disk.source().format(), "-c", command, disk.source().address());
      return;
    }
    String line = "qemu-io %s \"%s\"".formatted(device(disk), command);
    ObjectNode arguments = JsonNodeFactory.instance.objectNode().put("command-line", line);
    client.execute("human-monitor-command", arguments, SOON).join();
  }

  @Override
  protected String readBackup(DiskSource source) throws IOException {
    Path raw = home.toRealPath().resolve("out");
    run(
        "qemu-img",
        "convert",
        "-U",
        "-f",
        source.format(),
        "-O",
        "raw",
        source.address(),
        raw.toString());
    try (var in = Files.newInputStream(raw)) {
      return new String(in.readNBytes(SECTOR), StandardCharsets.US_ASCII).replace("\0", "");
    } finally {
      Files.delete(raw);
    }
  }

  /** Files, and what bears a name of ours in QEMU. */
  @Override
  protected Set<String> contents() throws IOException {
    var found = new TreeSet<String>();
    try (var files = Files.newDirectoryStream(home)) {
      for (Path file : files) {
        found.add(file.getFileName() + " " + Files.getAttribute(file, "unix:ino"));
      }
    }
    QmpClient client = monitor;
    if (client != null && client.isOpen()) {
      client.execute(QueryNamedBlockNodes.of(), SOON).join().stream()
          .map(node -> String.valueOf(node.nodeName()))
          .filter(node -> node.startsWith("sp-"))
          .forEach(found::add);
    }
    return found;
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) throws IOException {
    String base = disk.source().address();
    run(
        "qemu-img",
        "create",
        "-q",
        "-u",
        "-f",
        "qcow2",
        "-b",
        base,
        "-F",
        "qcow2",
        base.replace(".qcow2", "." + name + ".qcow2"),
        "1M");
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) {
    return QemuProcess.storageDaemon(
        "--blockdev", "driver=file,node-name=f,filename=" + disk.source().address(),
        "--blockdev", "driver=qcow2,node-name=q,file=f",
        "--export",
            "vhost-user-blk,id=e,node-name=q,writable=on,addr.type=unix,addr.path="
                + sockets.resolve("s"));
  }
}
