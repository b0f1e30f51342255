package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.XQueryRoms;
import dev.stillpoint.testkit.guest.GuestConfig;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A QEMU that refuses whatever is deprecated or unstable, and hides what is deprecated of its
 * answers: the engine needs none of it.
 */
@Timeout(120)
class RejectingQemuTest {
  private static final GuestConfig REJECTING =
      GuestConfig.threeDisks()
          .withArguments(
              "-compat", "deprecated-input=reject,deprecated-output=hide,unstable-input=reject");

  @ParameterizedTest
  @EnumSource(QemuWay.class)
  void everyWayCutsAllDisks(QemuWay way) {
    try (Machine machine = Machine.start(REJECTING)) {
      SnapshotResult result =
          machine.take(SnapshotRequest.named("strict"), engine -> engine.qemuWay(way));

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
      assertEquals(3, result.disks().size());
      machine.assertWritesOn();
    }
  }

  @Test
  void itDoesRefuseWhatIsUnstable() {
    try (Machine machine = Machine.start(REJECTING)) {
      var failure =
          assertThrows(
              CompletionException.class, () -> machine.monitor.execute(new XQueryRoms()).join());

      var refused = assertInstanceOf(CommandException.Refused.class, failure.getCause());
      assertEquals("CommandNotFound", refused.errorClass());
    }
  }
}
