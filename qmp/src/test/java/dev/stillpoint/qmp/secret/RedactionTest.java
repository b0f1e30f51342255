package dev.stillpoint.qmp.secret;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.error.CommandException;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The secrets in the names of images, in whatever text they stand. */
class RedactionTest {
  /** How often a part of a text is repeated: with a look at each pair, for hours. */
  private static final int LONG = 1 << 20;

  private static final Duration BOUND = Duration.ofSeconds(20);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "rbd:pool/image:id=x:key=HUSH==:mon_host=a\\:6789 | rbd:pool/image:id=x:key=(secret):mon_host=a\\:6789",
        "rbd:pool/image:key=HU\\:HUSH | rbd:pool/image:key=(secret)",
        "http://user:HUSH@host/a.img | http://(secret)@host/a.img",
        "https://HUSH@host/a.img | https://(secret)@host/a.img",
        "https://host/a.img?sig=HUSH&HUSH | https://host/a.img?sig=(secret)&(secret)",
        "ssh://me:HUSH@host/a.img?host_key_check=no | ssh://me:(secret)@host/a.img?host_key_check=no",
        "iscsi://me%HUSH@portal/iqn.x/0 | iscsi://me%(secret)@portal/iqn.x/0",
        "blkdebug:conf:rbd:pool/image:key=HUSH | blkdebug:conf:rbd:pool/image:key=(secret)",
        "json:{\"driver\": \"rbd\", \"key\": \"HUSH\", \"pool\": \"p\"} | json:{\"driver\": \"rbd\", \"key\": \"(secret)\", \"pool\": \"p\"}",
        "json:{\"file.password\": \"HU\\\"HUSH\"} | json:{\"file.password\": \"(secret)\"}",
        "json:{\"cookie\" : \"a=HUSH\", \"url\": \"http://a:HUSH@b/\"} | json:{\"cookie\" : \"(secret)\", \"url\": \"http://(secret)@b/\"}",
        "json:{\"=keyvalue-pairs\": \"[\\\"key\\\", \\\"HUSH\\\"]\"} | json:{\"=keyvalue-pairs\": \"(secret)\"}",
        "json:{\"filename\": \"json:{\\\"key\\\": \\\"HUSH\\\"}\"} | json:{\"filename\": \"json:{\\\"key\\\": \\\"(secret)\\\"}\"}",
        "json:{\"pool\": \"p\", \"key\": \"HUS | json:{\"pool\": \"p\", \"key\": \"(secret)\"",
        "Could not open 'rbd:p/i:key=HUSH': no | Could not open 'rbd:p/i:key=(secret)': no",
      })
  void aSecretGoesAndAllElseStays(String name, String told) {
    assertEquals(told, Redaction.ofText(name));
    assertEquals(told, Redaction.ofText(told));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/images/disk0.qcow2",
        "rbd:pool/image@snap:conf=/etc/ceph/c.conf:id=x:keyring=/etc/ceph/k:keyfile=/k",
        "nbd+unix:///export?socket=/run/nbd.sock",
        "nbd://[::1]:10809/disk",
        "nbd:unix:/run/a.sock:exportname=x",
        "ssh://me@host:22/a.img",
        "iscsi://portal/iqn.x:y/0",
        "json:{\"driver\": \"qcow2\", \"file\": {\"driver\": \"https\", \"url\": \"https://h/i\","
            + " \"password-secret\": \"sec0\"}, \"encrypt.key-secret\": \"sec1\"}",
        "tcp:host:4444",
        "a word: and more",
      })
  void whatIsNoSecretStays(String text) {
    assertEquals(text, Redaction.ofText(text));
  }

  @Property
  void aPasswordOfAnUrlIsNeverLeft(
      @ForAll @Chars({'a', ':', '%', '&', '=', '\'', '.', '-'}) String around) {
    String text = "https://u:" + around + "HUSH" + around + "@host/disk?x=HUSH";

    assertFalse(Redaction.ofText(text).contains("HUSH"), text);
    assertTrue(Redaction.ofText(text).contains("host/disk"), text);
  }

  @Property
  void toHideTwiceIsToHideOnce(
      @ForAll @Chars({'a', ':', '%', '&', '=', '"', '\\', '{', '/', '@', '?'}) String text) {
    for (String name : List.of("json:" + text, "rbd:p/i:key=" + text, "http://" + text)) {
      assertEquals(Redaction.ofText(name), Redaction.ofText(Redaction.ofText(name)));
    }
  }

  /** A guest may say what it likes, and whoever reads it may owe a thaw. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        ": | a | ",
        " | a: | ",
        "rbd: | :a | ",
        "rbd: | :a= | ",
        "rbd:x:a= | \\\\: | ",
        " | a:// | ",
        "http:// | a@ | ",
        "http://h/?a | &b | ",
        "json:\" | \\n | \"",
        "json: | \"a\": | ",
        " | json: | ",
        "json:\" | \\\" | \""
      })
  void aLongTextIsReadInTime(String parts) {
    String[] part = parts.split(" \\| ", -1);
    String text = part[0] + part[1].repeat(LONG) + part[2];

    // Whoever is in a pattern hears no interrupt.
    String told = assertTimeoutPreemptively(BOUND, () -> Redaction.ofText(text));
    assertFalse(told.isEmpty());
  }

  @Test
  void anErrorThatNamesAnImageTellsNoSecret() {
    var refused = new CommandException.Refused("x", "GenericError", "no 'rbd:p/i:key=HUSH'");

    assertEquals("no 'rbd:p/i:key=(secret)'", refused.description());
    assertFalse(refused.toString().contains("HUSH"));
  }
}
