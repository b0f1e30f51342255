package dev.stillpoint.backends.address;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.core.disk.Layer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where an image lies, read from the name that QEMU has for it. Secrets in it are not kept. */
public sealed interface ImageAddress {
  /** A path of this host, or of the one where QEMU runs. */
  record Local(Path path) implements ImageAddress {}

  /** Anything else. */
  record Elsewhere(String name, Layer layer) implements ImageAddress {}

  /** Of these it is known that a path follows the colon. */
  List<String> LOCAL_PREFIXES = List.of("file:", "host_device:");

  /** Drivers whose {@code filename} is a path. */
  List<String> LOCAL_DRIVERS = List.of("file", "host_device");

  /** {@code //user:password@host:port/path?query#part}; the user and all from the query on go. */
  Pattern URL = Pattern.compile("^([a-z0-9+]+)://(?:[^@/?#]*@)?([^?#]*).*", Pattern.DOTALL);

  /** {@code rbd:pool/namespace/image@snapshot:options}, where the options may hold a key. */
  Pattern RBD = Pattern.compile("^rbd:([^/:@]+)/(?:([^/:@]+)/)?([^/:@]+)(?:@([^:]+))?(?::.*)?$");

  /** In the query of such an URL, for what is reached through a unix socket. */
  Pattern SOCKET = Pattern.compile("[?&]socket=([^&#]*)");

  Pattern NBD = Pattern.compile("^nbd:(unix:[^:]+|[^:]+:[^:]+)(?::exportname=(.*))?$");

  /** Descriptors that were handed to QEMU have no other name. */
  String FD_SETS = "/dev/fdset/";

  /** Reads a name; a relative path is taken from a directory, where there is one. */
  static ImageAddress of(String name, Optional<Path> directory) {
    if (name.startsWith("json:")) {
      return json(name.substring("json:".length()));
    }
    for (String prefix : LOCAL_PREFIXES) {
      if (name.startsWith(prefix)) {
        return local(name.substring(prefix.length()), directory);
      }
    }
    Matcher rbd = RBD.matcher(name);
    if (rbd.matches()) {
      return rbd(rbd.group(1), rbd.group(2), rbd.group(3), rbd.group(4));
    }
    Matcher url = URL.matcher(name);
    if (url.matches()) {
      String protocol = url.group(1).replaceFirst("\\+.*", "");
      Matcher socket = SOCKET.matcher(name);
      String server = socket.find() ? "unix:" + socket.group(1) : "";
      return remote(protocol, server + url.group(2));
    }
    Matcher nbd = NBD.matcher(name);
    if (nbd.matches()) {
      return remote("nbd", nbd.group(1) + (nbd.group(2) == null ? "" : "/" + nbd.group(2)));
    }
    int colon = name.indexOf(':');
    if (colon > 0 && name.indexOf('/') != 0 && !name.substring(0, colon).contains("/")) {
      return unseen(name.substring(0, colon) + ":", "an address of a kind that is not known here");
    }
    return local(name, directory);
  }

  private static ImageAddress local(String name, Optional<Path> directory) {
    if (name.startsWith(FD_SETS)) {
      return unseen(name, "a descriptor that was handed to QEMU, which does not tell its path");
    }
    try {
      Path path = Path.of(name);
      if (path.isAbsolute()) {
        return new Local(path);
      }
      return directory
          .<ImageAddress>map(known -> new Local(known.resolve(path)))
          .orElseGet(() -> unseen(name, "a path from the directory in which QEMU was started"));
    } catch (InvalidPathException e) {
      return unseen(name, "a name that the locale of this process cannot express");
    }
  }

  private static ImageAddress json(String text) {
    Map<String, String> flat = new HashMap<>();
    try {
      flatten("", new ObjectMapper().readTree(text), flat);
    } catch (JsonProcessingException e) {
      return unseen("json:", "not JSON that can be read");
    }
    String prefix = "";
    // Format above protocol: the driver of the deepest file is what leads to the bytes.
    while (has(flat, prefix + "file.")) {
      prefix += "file.";
    }
    String found = flat.getOrDefault(prefix + "driver", "");
    String driver = found.isEmpty() && flat.containsKey(prefix + "filename") ? "file" : found;
    var of = new Members(flat, prefix);
    if (LOCAL_DRIVERS.contains(driver)) {
      return local(of.get("filename"), Optional.empty());
    }
    if (driver.equals("rbd") && !of.get("image").isEmpty()) {
      return rbd(of.get("pool"), of.get("namespace"), of.get("image"), of.get("snapshot"));
    }
    Matcher url = URL.matcher(of.get("url") + of.get("filename") + of.get("uri"));
    if (url.matches()) {
      return remote(driver.isEmpty() ? url.group(1) : driver, url.group(2));
    }
    String server = of.server();
    return driver.isEmpty() || server.isEmpty()
        ? unseen("json:" + driver, "an address of a kind that is not known here")
        : remote(driver, server);
  }

  /** The members of one node of a {@code json:} name. */
  record Members(Map<String, String> flat, String prefix) {
    String get(String name) {
      return flat.getOrDefault(prefix + name, "");
    }

    /** A socket's path or host and port, and what is asked for there. */
    String server() {
      var parts = new ArrayList<String>();
      String host = get("server.host") + get("host");
      String port = get("server.port") + get("port");
      parts.add(host + (port.isEmpty() ? "" : ":" + port));
      String socket = get("server.path");
      parts.add(socket.isEmpty() ? "" : "unix:" + socket);
      for (String name : List.of("export", "path", "portal", "target", "lun")) {
        parts.add(get(name));
      }
      parts.removeIf(String::isEmpty);
      return String.join("/", parts);
    }
  }

  private static boolean has(Map<String, String> flat, String prefix) {
    return flat.keySet().stream().anyMatch(key -> key.startsWith(prefix));
  }

  private static void flatten(String prefix, JsonNode node, Map<String, String> flat) {
    node.properties()
        .forEach(member -> {
          String key = prefix + member.getKey();
          if (member.getValue().isObject()) {
            flatten(key + ".", member.getValue(), flat);
          } else if (member.getValue().isValueNode()) {
            flat.put(key, member.getValue().asText());
          }
        });
  }

  private static ImageAddress rbd(
      String pool, @Nullable String namespace, String image, @Nullable String snapshot) {
    var layer = new Layer.RbdImage(pool, present(namespace), image, present(snapshot));
    String name =
        "rbd:"
            + pool
            + layer.namespace().map(text -> "/" + text).orElse("")
            + "/"
            + image
            + layer.snapshot().map(text -> "@" + text).orElse("");
    return new Elsewhere(name, layer);
  }

  private static Optional<String> present(@Nullable String text) {
    return Optional.ofNullable(text).filter(known -> !known.isEmpty());
  }

  private static ImageAddress remote(String protocol, String address) {
    return new Elsewhere(protocol + "://" + address, new Layer.Remote(protocol, address));
  }

  private static ImageAddress unseen(String name, String why) {
    return new Elsewhere(name, new Layer.Unseen(name, why));
  }
}
