package dev.stillpoint.testkit.guest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * QEMU's command line for a guest. An original and its clones differ in paths only, or QEMU could
 * not load the one's state into the other.
 */
final class GuestCommandLine {
  static final String QMP = "qmp.sock";
  static final String OBSERVER = "observer.sock";
  static final String CONTROL = "control.sock";
  static final String AGENT = "qga.sock";
  static final String SHELL = "shell.sock";
  static final String CONSOLE = "console.log";
  static final String ACKS = "acks.log";
  static final String TRACE_EVENTS = "trace-events";
  static final String TRACE = "trace.log";

  /**
   * The system property with arguments for every guest's QEMU, such as a {@code -compat} that
   * refuses what is deprecated. They must not change the machine: warm states are shared.
   */
  private static final String EVERYWHERE = "stillpoint.testkit.qemu";

  private static final String MEMORY_MIB = "256";

  private final List<String> arguments = new ArrayList<>();
  private final Path directory;

  private GuestCommandLine(Path directory) {
    this.directory = directory;
  }

  /**
   * The command line.
   *
   * @param elsewhere the disks that are not images of this host
   */
  static List<String> of(
      GuestImage image,
      GuestConfig config,
      List<Path> images,
      DisksElsewhere elsewhere,
      Path directory) {
    var line = new GuestCommandLine(directory);
    line.machine(image, config);
    for (int i = 0; i < config.disks().size(); i++) {
      String own = "driver=file,filename=" + escape(images.get(i));
      line.disk(i, config.disks().get(i), elsewhere.nodes().getOrDefault(i, own));
    }
    line.channels();
    if (!config.traceEvents().isEmpty()) {
      line.add("-trace", "events=" + line.file(TRACE_EVENTS), "-D", line.file(TRACE));
    }
    line.arguments.addAll(config.extraArguments());
    line.arguments.addAll(everywhere());
    return List.copyOf(line.arguments);
  }

  private static List<String> everywhere() {
    String arguments = System.getProperty(EVERYWHERE, "").strip();
    return arguments.isEmpty() ? List.of() : List.of(arguments.split(" +"));
  }

  private void machine(GuestImage image, GuestConfig config) {
    add("qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-cpu", "qemu64");
    add("-m", MEMORY_MIB, "-display", "none", "-nodefaults", "-no-user-config", "-no-reboot");
    add("-kernel", image.kernel().toString(), "-initrd", image.initramfs().toString());
    add(
        "-append",
        "console=ttyS0 quiet loglevel=4 panic=-1 stillpoint.writer=%d"
                .formatted(config.writer() ? 1 : 0)
            + " stillpoint.writer_pause_us=%d".formatted(config.writerPause().toNanos() / 1000)
            + " stillpoint.agent=%d".formatted(config.agent() ? 1 : 0)
            + " stillpoint.hook=%d".formatted(config.freezeHook() ? 1 : 0)
            + " stillpoint.root=%d".formatted(config.rootOnDisk() ? 1 : 0));
  }

  private void disk(int index, GuestDisk disk, String source) {
    String node = "disk" + index;
    add("-blockdev", source + ",node-name=file" + index);
    add(
        "-blockdev",
        "driver=%s,node-name=%s,file=file%d".formatted(disk.format().driver(), node, index));
    String drive = node;
    if (disk.throttleBytesPerSecond().isPresent()) {
      drive = "throttle" + index;
      String group = "group" + index;
      add(
          "-object",
          "throttle-group,id=%s,x-bps-total=%d"
              .formatted(group, disk.throttleBytesPerSecond().getAsLong()));
      add(
          "-blockdev",
          "driver=throttle,node-name=%s,throttle-group=%s,file=%s".formatted(drive, group, node));
    }
    add("-device", "virtio-blk-pci,id=vd%d,drive=%s,serial=disk%d".formatted(index, drive, index));
  }

  private void channels() {
    for (var monitor : List.of("qmp", "observer", "control")) {
      add("-chardev", socket(monitor, monitor + ".sock"));
      add("-mon", "chardev=" + monitor + ",mode=control");
    }
    add("-device", "virtio-serial-pci,id=serial");
    add("-chardev", socket("qga", AGENT));
    // Without an id there is no VSERPORT_CHANGE event.
    add("-device", "virtserialport,chardev=qga,name=org.qemu.guest_agent.0,id=agent");
    add("-chardev", socket("shell", SHELL));
    add("-device", "virtserialport,chardev=shell,name=dev.stillpoint.shell,id=shell");
    add(
        "-chardev",
        "file,id=console,path=" + file(CONSOLE),
        "-device",
        "isa-serial,chardev=console");
    add("-chardev", "file,id=acks,path=" + file(ACKS), "-device", "isa-serial,chardev=acks");
  }

  private String socket(String id, String name) {
    return "socket,id=%s,path=%s,server=on,wait=off".formatted(id, file(name));
  }

  private String file(String name) {
    return escape(directory.resolve(name));
  }

  /** In QEMU's options a comma is written twice. */
  private static String escape(Path path) {
    return path.toString().replace(",", ",,");
  }

  private void add(String... more) {
    arguments.addAll(List.of(more));
  }
}
