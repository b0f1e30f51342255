package dev.stillpoint.cli.qmp;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which lines no history keeps. */
class SecretLinesTest {
  private final SecretLines secrets = new SecretLines(TestSchema.read());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "set_password protocol=vnc password=hush",
        "set_password protocol=vnc password:=\"hush\"",
        "set_password {\"protocol\":\"vnc\",\"password\":\"hush\"}",
        "{\"execute\":\"set_password\",\"arguments\":{\"password\":\"hush\"}}",
        "set_password password='hush",
        "set_password {\"password\":\"hush\"",
        "set_pasword password=hush",
        "set_pasword PASSWORD=hush",
        "blockdev-add driver=file x.passwd=hush",
        "blockdev-add hints:=[{\"passphrase\":\"hush\"}]",
        "human-monitor-command command-line='set_password vnc hush'",
        "human-monitor-comand command-line='set_password vnc hush'",
        "{\"execute\":\"guest-exec\",\"arguments\":{\"input-data\":\"hush\"}}",
        "qom-set path=/objects/s property=data value=hush",
        "mypassword hush",
      })
  void whatMayHoldASecretIsNotKept(String line) {
    assertTrue(secrets.has(line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "query-status",
        "help set_password",
        "block_resize device=data size=1",
        "blockdev-add driver=file filename=/data/x",
        "qom-set path=/machine property=x value=1",
        "quory-status"
      })
  void allElseIs(String line) {
    assertFalse(secrets.has(line));
  }
}
