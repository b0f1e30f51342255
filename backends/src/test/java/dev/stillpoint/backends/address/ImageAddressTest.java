package dev.stillpoint.backends.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.stillpoint.core.disk.Layer;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The names by which QEMU knows images. */
class ImageAddressTest {
  private static final Path HERE = Path.of("/vm");

  private static ImageAddress of(String name) {
    return ImageAddress.of(name, Optional.of(HERE));
  }

  private static Layer layer(String name) {
    return assertInstanceOf(ImageAddress.Elsewhere.class, of(name)).layer();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/vm/a.qcow2 | /vm/a.qcow2",
        "base.qcow2 | /vm/base.qcow2",
        "../base:1.qcow2 | /vm/../base:1.qcow2",
        "file:/a/b c | /a/b c",
        "host_device:/dev/vg/lv | /dev/vg/lv",
        "json:{\"driver\":\"file\",\"filename\":\"/a/x\"} | /a/x",
        "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/a/x\"}} | /a/x",
        "json:{\"driver\":\"qcow2\",\"file.driver\":\"file\",\"file.filename\":\"/a/x\"} | /a/x",
        "json:{\"file\":{\"file\":{\"driver\":\"host_device\",\"filename\":\"/a/x\"}}} | /a/x",
      })
  void aNameThatLeadsToAPath(String name, String path) {
    // when, then
    assertEquals(new ImageAddress.Local(Path.of(path)), of(name));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "nbd://host:10809/export | nbd | host:10809/export",
        "nbd+unix:///x?socket=/run/s | nbd | unix:/run/s/x",
        "nbd:host:1:exportname=a b | nbd | host:1/a b",
        "nbd:unix:/run/s | nbd | unix:/run/s",
        "https://bob:secret@host/x.img?token=secret | https | host/x.img",
        "json:{\"driver\":\"nbd\",\"server\":{\"type\":\"inet\",\"host\":\"h\",\"port\":\"1\"},\"export\":\"e\"} | nbd | h:1/e",
        "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"https\",\"url\":\"https://u:secret@h/x\",\"password-secret\":\"secret\"}} | https | h/x",
      })
  void aNameThatLeadsElsewhereKeepsNoSecret(String name, String protocol, String address) {
    // when, then
    assertEquals(new Layer.Remote(protocol, address), layer(name));
    assertFalse(of(name).toString().contains("secret"), () -> of(name).toString());
  }

  @Test
  void anImageOfCephIsTakenApart() {
    // given
    var image = new Layer.RbdImage("vms", Optional.empty(), "d1", Optional.empty());
    var inNamespace = new Layer.RbdImage("vms", Optional.of("ns"), "d1", Optional.of("s1"));
    // when, then
    assertEquals(image, layer("rbd:vms/d1:id=admin:key=secret"));
    assertFalse(of("rbd:vms/d1:id=admin:key=secret").toString().contains("secret"));
    assertEquals(inNamespace, layer("rbd:vms/ns/d1@s1"));
    assertEquals(image, layer("json:{\"driver\":\"rbd\",\"pool\":\"vms\",\"image\":\"d1\"}"));
    assertEquals(
        inNamespace,
        layer(
            "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"rbd\",\"pool\":\"vms\",\"image\":\"d1\","
                + "\"namespace\":\"ns\",\"snapshot\":\"s1\"}}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/dev/fdset/3",
        "fd:7:secret",
        "strange:secret",
        "json:{",
        "json:[]",
        "json:{\"driver\":\"null-co\"}",
        "json:{\"driver\":\"quorum\",\"children\":[{\"filename\":\"secret\"}]}"
      })
  void whereNothingIsKnownThatIsSaid(String name) {
    // when, then
    assertInstanceOf(Layer.Unseen.class, layer(name));
    assertFalse(layer(name).toString().contains("secret"), () -> layer(name).toString());
  }

  @Test
  void aRelativePathLeadsNowhereWhereTheDirectoryIsNotKnown() {
    // when
    ImageAddress address = ImageAddress.of("disk.qcow2", Optional.empty());
    // then
    assertInstanceOf(
        Layer.Unseen.class, assertInstanceOf(ImageAddress.Elsewhere.class, address).layer());
  }
}
