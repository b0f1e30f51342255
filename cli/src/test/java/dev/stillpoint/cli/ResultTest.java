package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a result is told: the object for scripts, the text for people, the code for both. */
class ResultTest {
  private static final String GOLDEN =
      """
      {"name":"nightly","outcome":"succeeded","consistency":"filesystem",
       "reasons":["Linux hooks cannot be proved"],
       "pointInTime":{"from":"2024-02-29T12:00:00.001Z","to":"2024-02-29T12:00:00.002Z"},
       "frozenMs":133.456,"holdMs":1.2,"commandsInHold":1,"pausedMs":0.0,"guest":"thawed",
       "disks":[
        {"disk":"virtio0","method":"qemu","way":"prepared","nodeName":"sp-0a1b2c3d-0-overlay",
         "modifiedDisk":{"file":"/images/root.nightly.qcow2","format":"qcow2"},
         "backupSource":{"file":"/images/root.qcow2","format":"qcow2"},
         "modifiedDiskXml":null,"backupSourceXml":null},
        {"disk":"virtio1","method":"lvm","way":"thick","nodeName":null,"modifiedDisk":null,
         "backupSource":{"device":"/dev/vg/data-nightly","format":"raw"},
         "modifiedDiskXml":null,"backupSourceXml":null}],
       "notCovered":["pflash0"],"warnings":["the thaw hook failed"],"error":null}
      """;

  @Test
  void theObjectOfASuccess() throws JsonProcessingException {
    // when
    String told = ResultJson.of(Results.succeeded()).toString();
    // then: the same keys in the same order, on one line
    assertEquals(new ObjectMapper().readTree(GOLDEN).toString(), told);
    assertFalse(told.contains("\n"));
  }

  @Test
  void theObjectOfAFailureHasTheSameKeysAndTheReason() {
    // given
    var failed = Results.ended(Outcome.FAILED, GuestState.NEVER_FROZEN);
    // when
    var told = ResultJson.of(failed);
    // then
    assertEquals(
        "{\"code\":\"no-such-disk\",\"message\":\"there is no such disk\",\"disk\":\"vdz\"}",
        told.path("error").toString());
    assertEquals("never-frozen", told.path("guest").asText());
    assertTrue(told.path("frozenMs").isNull());
    assertEquals(
        ResultJson.of(Results.succeeded()).properties().stream().map(e -> e.getKey()).toList(),
        told.properties().stream().map(e -> e.getKey()).toList());
  }

  @Test
  void anImageOfRbdAndAVolumeOfAPoolAreToldByTheirNames() {
    // given
    var image = new DiskSource.Rbd("pool", Optional.of("ns"), "vm", Optional.of("nightly"), "raw");
    var volume = new DiskSource.Pooled("fast", "vm.qcow2", "qcow2");
    var disk =
        new DiskSnapshot("vda", "rbd", "image", Optional.empty(), Optional.of(volume), image);
    // when
    var json = ResultJson.of(disk);
    var text = ResultText.of(disk);
    // then
    assertEquals(
        "{\"volume\":\"fast/vm.qcow2\",\"format\":\"qcow2\"}",
        json.path("modifiedDisk").toString());
    assertEquals(
        "{\"rbd\":\"pool/ns/vm@nightly\",\"format\":\"raw\"}",
        json.path("backupSource").toString());
    assertEquals("    the machine writes to: volume fast/vm.qcow2 (qcow2)", text.get(1));
    assertEquals("    a backup may read:     rbd pool/ns/vm@nightly (raw)", text.get(2));
  }

  @Test
  void theTextOfASuccessSaysWhatToReadAndWhatToPersist() {
    // when
    String told = ResultText.of(Results.succeeded());
    // then
    assertEquals(
        """
        snapshot nightly: succeeded
          consistency: filesystem
            because Linux hooks cannot be proved
          point in time: 2024-02-29T12:00:00.001Z to 2024-02-29T12:00:00.002Z
          disk virtio0 (qemu, prepared)
            the machine writes to: /images/root.nightly.qcow2 (qcow2)
            a backup may read:     /images/root.qcow2 (qcow2)
          disk virtio1 (lvm, thick)
            the machine writes to: what it wrote to before
            a backup may read:     /dev/vg/data-nightly (raw)
          the guest stood still for 133.5 ms; our part, from frozen to the thaw sent: 1.2 ms
          guest: thawed
          not covered: pflash0
          warning: the thaw hook failed
          The machine's configuration still names the old images. Store the new ones in it, or its\
         next start loses what is written from now on.
        """,
        told);
  }

  @ParameterizedTest
  @CsvSource({
    "SUCCEEDED, THAWED, 0",
    "SUCCEEDED, NEVER_FROZEN, 0",
    "FAILED, THAWED, 1",
    "FAILED, NEVER_FROZEN, 1",
    "CANCELLED, THAWED, 1",
    "UNKNOWN, THAWED, 4",
    "SUCCEEDED, MAYBE_FROZEN, 3",
    "FAILED, MAYBE_PAUSED, 3",
    "CANCELLED, MAYBE_FROZEN, 3",
    "UNKNOWN, MAYBE_FROZEN, 3"
  })
  void exitCodesInTheirOrder(Outcome outcome, GuestState guest, int code) {
    assertEquals(code, ExitCode.of(Results.ended(outcome, guest)));
  }

  @ParameterizedTest
  @CsvSource({
    "MAYBE_FROZEN, MAY BE FROZEN",
    "MAYBE_PAUSED, MAY BE PAUSED",
    "THAWED, guest: thawed",
    "NEVER_FROZEN, never frozen"
  })
  void theGuestsStateIsAlwaysSaid(GuestState guest, String words) {
    // when
    String told = ResultText.of(Results.ended(Outcome.FAILED, guest));
    // then
    assertTrue(told.contains(words), told);
    assertTrue(told.contains("there is no such disk [disk vdz]"), told);
  }
}
