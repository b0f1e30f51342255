package dev.stillpoint.core.disk.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.core.disk.MethodChoice;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a method's choice is read, and what becomes an option of it. */
class MethodXmlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "qemu     | ''                                              | {}",
        "qemu     | <overlay path='/vm/o.qcow2'/>                   | {overlay=/vm/o.qcow2}",
        "lvm      | <device path='/dev/vg/lv4'/>                    | {device=/dev/vg/lv4}",
        "zfs      | <dataset name='tank/vm'/>                       | {dataset=tank/vm}",
        "btrfs    | <snapshots path='/vms'/>                        | {snapshots=/vms}",
        "reflink  | <file path='/vm/a'/>                            | {file=/vm/a}",
        "exec     | <program path='/p'/><volume name='v'/>          | {program=/p, volume=v}",
        "rbd      | <image pool='p' namespace='n' name='i'/>        | {image=p/n/i}",
        "rbd      | <image pool='p' name='i'/>                      | {image=p/i}",
        "rbd      | <image name='i'/>                               | {image=i}",
        "rbd      | <image name='p/n/i'/>                           | {image=p/n/i}",
        "lvm      | <host at='ssh:root@array'/>                     | {at=ssh:root@array}",
        "lvm      | <ssh-config>/etc/array.ssh</ssh-config>         | {ssh-config=/etc/array.ssh}",
        "third    | <host at='ssh:root@array'/>                     | {at=ssh:root@array}",
        "third    | <lun id='7'/>                                   | {lun=7}",
        "third    | <lun id='7' target='t'/>                        | {lun.id=7, lun.target=t}",
        "third    | <lun>  <![CDATA[ 7 ]]> <!-- c --> </lun>        | {lun=7}",
        "third    | <thin/>                                         | {thin=}",
        "third    | <image pool='p' name='i'/>                      | {image.name=i, image.pool=p}",
        "third    | <lun xmlns:x='u' x:a='1' id='2'/><x xmlns='u'/> | {lun=2}",
      })
  void whatIsInItBecomesOptions(String method, String content, String options) {
    // when
    MethodChoice read =
        MethodXml.parse("<diskSnapshot method='%s'>%s</diskSnapshot>".formatted(method, content));
    // then
    assertEquals(method, read.method());
    assertEquals(options, new TreeMap<>(read.options()).toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lvm  | <device size='5G'/>             | {device.size=5G}",
        "lvm  | <device path='/d' size='5G'/>   | {device=/d, device.size=5G}",
        "exec | <volume id='7'/>                | {volume.id=7}",
        "any  | <host name='array'/>            | {host.name=array}",
      })
  void anotherAttributeNeverStandsForTheOneThatAMethodKnows(
      String method, String content, String options) {
    // when
    MethodChoice read =
        MethodXml.parse("<diskSnapshot method='%s'>%s</diskSnapshot>".formatted(method, content));
    // then
    assertEquals(options, new TreeMap<>(read.options()).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<diskSnapshot/>",
        "<diskSnapshot method=' '/>",
        "<diskSnapshot method='lvm' name='x'/>",
        "<diskSnapshot method='lvm'>text</diskSnapshot>",
        "<diskSnapshot method='lvm'><device path='/a'/><device path='/b'/></diskSnapshot>",
        "<diskSnapshot method='lvm'><device path='/a'/><device>/a</device></diskSnapshot>",
        "<diskSnapshot method='x'><host at='a'/><at>b</at></diskSnapshot>",
        "<diskSnapshot method='x'><a.b>1</a.b><a b='1' c='2'/></diskSnapshot>",
        "<diskSnapshot method='x'><a b='1'>text</a></diskSnapshot>",
        "<diskSnapshot method='x'><a><b/></a></diskSnapshot>",
        "<diskSnapshot method='x'><a xmlns:x='u'><x:b/></a></diskSnapshot>",
        "<diskSnapshot method='rbd'><image pool='p'/></diskSnapshot>",
        "<diskSnapshot method='rbd'><image namespace='n' name='i'/></diskSnapshot>",
        "<diskSnapshot method='rbd'><image pool='p/q' name='i'/></diskSnapshot>",
        "<diskSnapshot method='rbd'><image pool='p' name='i@s'/></diskSnapshot>",
        "<diskSnapshot method='rbd'><image pool='' name='i'/></diskSnapshot>",
        "<diskSnapshot method='rbd'><image name='i' size='1'/></diskSnapshot>",
        "<disk><diskSnapshot method='lvm'/></disk>",
        "<disksnapshot method='lvm'/>",
        "<diskSnapshot xmlns='urn:x' method='lvm'/>",
      })
  void noChoiceIsIgnoredOrGuessed(String xml) {
    assertThrows(DiskXmlException.class, () -> MethodXml.parse(xml));
  }

  @Test
  void valuesAreKeptToTheCharacter() {
    // given
    String xml =
        "<diskSnapshot method='lvm'><device path=' /dev/a&#10;b &lt;&quot;'/></diskSnapshot>";
    // then
    assertEquals(Map.of("device", " /dev/a\nb <\""), MethodXml.parse(xml).options());
  }
}
