package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.disk.Layers;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Layers as a person and as a program read them. */
class LayersTextTest {
  private static final Optional<String> NONE = Optional.empty();
  private static final Layers LAYERS =
      new Layers(
          "top\nnote: forged",
          List.of(
              new Layers.Stack(
                  new Layer.Image("/vm/top", "qcow2", true, Optional.of("/vm/base")),
                  List.of(
                      new Layer.File(Path.of("/vm/top"), "253:0", 12),
                      new Layer.FileSystem(
                          "ext4",
                          Path.of("/vm"),
                          "/dev/vg/lv",
                          List.of("rw"),
                          NONE,
                          Optional.of(false)),
                      new Layer.LogicalVolume(
                          Path.of("/dev/mapper/vg-lv"),
                          "253:0",
                          "vg",
                          "lv",
                          Optional.of("pool"),
                          NONE),
                      new Layer.Several(
                          List.of(
                              new Layer.BlockDevice(Path.of("/dev/sda"), "8:0", Optional.of(512L)),
                              new Layer.Partition(Path.of("/dev/sdb1"), "8:17", 1))))),
              new Layers.Stack(
                  new Layer.Image("/vm/base", "raw", false, NONE),
                  List.of(new Layer.Remote("nfs", "host:/vm")))),
          List.of(),
          List.of("something"));

  @Test
  void eachLayerStandsBelowWhatLiesOnIt() {
    // when
    List<String> lines = LayersText.lines(LAYERS);
    // then
    assertEquals(
        """
        disk top\uFFFDnote: forged
          image /vm/top (qcow2), probed
            file /vm/top (inode 12 on 253:0)
              file system /vm (ext4 from /dev/vg/lv, no reflink)
                logical volume vg/lv (253:0, thin in pool)
                  block device /dev/sda and partition /dev/sdb1
            backing image /vm/base (raw)
              nfs host:/vm
        methods\
        """,
        String.join("\n", lines.subList(0, 9)));
    assertEquals("note: something", lines.get(lines.size() - 1));
    assertEquals(
        "  lvm at logical volume vg/lv: a thin volume shares the space of its pool"
            + " with its snapshots",
        lines.get(11));
  }

  @Test
  void aProgramReadsTheSame() {
    // when
    var json = LayersJson.of(LAYERS);
    // then
    assertEquals("top\nnote: forged", json.at("/disk").asText());
    assertEquals("logical-volume", json.at("/chain/0/under/2/layer").asText());
    assertEquals(true, json.at("/chain/0/under/2/thin").asBoolean());
    assertEquals("partition", json.at("/chain/0/under/3/devices/1/layer").asText());
    assertEquals(
        "{\"method\":\"qemu\",\"at\":\"image /vm/top (qcow2)\",\"layer\":{\"layer\":\"image\","
            + "\"name\":\"/vm/top\",\"format\":\"qcow2\",\"probed\":true,\"backing\":\"/vm/base\"},"
            + "\"default\":true,\"bareDefault\":false,\"why\":\"through the monitor of the machine"
            + " that runs it, with a qcow2 overlay above it\"}",
        json.at("/methods/0").toString());
    assertEquals("nfs", json.at("/chain/1/under/0/protocol").asText());
  }
}
