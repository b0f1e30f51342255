package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.disk.Layers;
import dev.stillpoint.core.disk.PossibleMethod;
import java.nio.file.Path;

/** Layers as the one JSON object that scripts read. Its keys are a contract. */
final class LayersJson {
  private LayersJson() {}

  static ObjectNode of(Layers layers) {
    ObjectNode json = ResultJson.object();
    json.put("disk", layers.disk());
    ArrayNode chain = json.putArray("chain");
    for (Layers.Stack stack : layers.chain()) {
      ObjectNode one = chain.addObject();
      one.set("image", of(stack.image()));
      ArrayNode under = one.putArray("under");
      stack.under().forEach(layer -> under.add(of(layer)));
    }
    ArrayNode methods = json.putArray("methods");
    for (PossibleMethod method : PossibleMethod.of(layers)) {
      ObjectNode one = methods.addObject();
      one.put("method", method.method()).put("at", LayersText.label(method.layer()));
      one.set("layer", of(method.layer()));
      one.put("default", method.standard().inMachine());
      one.put("bareDefault", method.standard().bare()).put("why", method.why());
    }
    json.set("troubles", ResultJson.texts(layers.troubles()));
    json.set("notes", ResultJson.texts(layers.notes()));
    return json;
  }

  private static ObjectNode of(Layer layer) {
    ObjectNode json = ResultJson.object();
    switch (layer) {
      case Layer.Image image ->
          json.put("layer", "image")
              .put("name", image.name())
              .put("format", image.format())
              .put("probed", image.probed())
              .put("backing", image.backing().orElse(null));
      case Layer.File file ->
          json.put("layer", "file")
              .put("path", file.path().toString())
              .put("device", file.device())
              .put("inode", file.inode());
      case Layer.FileSystem system -> put(json, system);
      case Layer.BlockDevice device ->
          put(json, "block-device", device.device(), device.number())
              .put("bytes", device.bytes().orElse(null));
      case Layer.Partition partition ->
          put(json, "partition", partition.device(), partition.number())
              .put("index", partition.index());
      case Layer.Loop loop ->
          put(json, "loop", loop.device(), loop.number()).put("offset", loop.offset());
      case Layer.LogicalVolume volume ->
          put(json, "logical-volume", volume.device(), volume.number())
              .put("group", volume.group())
              .put("name", volume.name())
              .put("thin", volume.isThin())
              .put("pool", volume.pool().orElse(null))
              .put("origin", volume.origin().orElse(null));
      case Layer.Mapping mapping ->
          put(json, "mapping", mapping.device(), mapping.number())
              .put("name", mapping.name())
              .put("uuid", mapping.uuid());
      case Layer.Zvol volume ->
          put(json, "zvol", volume.device(), volume.number()).put("dataset", volume.dataset());
      case Layer.RbdImage rbd ->
          json.put("layer", "rbd-image")
              .put("pool", rbd.pool())
              .put("namespace", rbd.namespace().orElse(null))
              .put("image", rbd.image())
              .put("snapshot", rbd.snapshot().orElse(null));
      case Layer.Remote remote ->
          json.put("layer", "remote")
              .put("protocol", remote.protocol())
              .put("address", remote.address());
      case Layer.Several several -> {
        ArrayNode devices = json.put("layer", "several").putArray("devices");
        several.devices().forEach(device -> devices.add(of(device)));
      }
      case Layer.Unseen unseen ->
          json.put("layer", "unseen").put("name", unseen.name()).put("why", unseen.why());
    }
    return json;
  }

  private static ObjectNode put(ObjectNode json, String layer, Path device, String number) {
    return json.put("layer", layer).put("device", device.toString()).put("number", number);
  }

  private static void put(ObjectNode json, Layer.FileSystem system) {
    json.put("layer", "file-system")
        .put("type", system.type())
        .put("mountPoint", system.mountPoint().toString())
        .put("source", system.source());
    json.set("options", ResultJson.texts(system.options()));
    json.put("subvolume", system.type().equals("btrfs") ? system.part().orElse(null) : null)
        .put("dataset", system.type().equals("btrfs") ? null : system.part().orElse(null))
        .put("reflink", system.reflink().orElse(null));
  }
}
