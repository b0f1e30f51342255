package dev.stillpoint.backends.qemu.overlay;

import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.FdSets;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.AddFd;
import dev.stillpoint.qmp.qapi.RemoveFd;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.List;

/**
 * Hands files of ours to QEMU open, as fd sets, and takes them away again. Beside each descriptor
 * stands whose it is and what its path is, so that anybody can tell who looks at the machine later.
 */
public final class FdHandover {
  private static final String OURS = "stillpoint:";

  private FdHandover() {}

  /**
   * Hands one overlay over ({@code add-fd}): open for writing, and for reading alone, which is what
   * QEMU asks for where somebody makes its node read-only later.
   *
   * @return the name by which QEMU opens it
   */
  public static String hand(
      Monitor monitor, String disk, String prefix, OverlayFile file, Deadline deadline) {
    try {
      file.requireThere();
      try (var writing = new RandomAccessFile(file.path().toFile(), "rw");
          var reading = new FileInputStream(file.path().toFile())) {
        file.requireThere();
        var one = AddFd.of().withOpaque(opaque(prefix, file, "rdwr"));
        long set = add(monitor, one, writing.getFD(), deadline);
        var other = AddFd.of().withFdsetId(set).withOpaque(opaque(prefix, file, "rdonly"));
        return FdSets.name(add(monitor, other, reading.getFD(), deadline));
      }
    } catch (IOException e) {
      throw BlockGraph.refusal(
          ErrorCode.PREPARE_FAILED,
          file.path() + " could not be handed to QEMU: " + e.getMessage(),
          disk);
    }
  }

  private static long add(Monitor monitor, AddFd command, FileDescriptor file, Deadline deadline) {
    return monitor.ask(command, file, deadline).fdsetId();
  }

  private static String opaque(String prefix, OverlayFile file, String mode) {
    return mark(prefix) + mode + ":" + file.path();
  }

  /** With what all begins that stands beside a descriptor of one overlay. */
  private static String mark(String prefix) {
    return OURS + prefix + ":";
  }

  /**
   * The sets that were handed over for the overlay of this prefix ({@code query-fdsets}); asked
   * for, and not remembered: of one whose answer was lost nobody has heard the number.
   */
  public static List<Long> of(FdSets sets, String prefix) {
    return sets.beginningWith(mark(prefix));
  }

  /** Takes one away ({@code remove-fd}). It also goes by itself, when no monitor is connected. */
  public static void remove(Monitor monitor, long set, Deadline deadline) {
    try {
      monitor.ask(RemoveFd.of(set), deadline);
    } catch (CommandException.Refused e) {
      if (FdSets.read(monitor, deadline).has(set)) {
        throw e;
      }
    }
  }
}
