package dev.stillpoint.qmp.endpoint;

import java.nio.file.FileSystems;
import java.nio.file.Path;

/**
 * Where a QMP monitor or a guest agent listens, as QEMU's {@code -chardev socket} names it.
 *
 * <p>{@link Object#toString()} is the text that {@link #parse(String)} reads back. Values are
 * immutable; building one touches neither the network nor the file system.
 */
public sealed interface Endpoint {

  /**
   * A unix stream socket.
   *
   * @param path the socket's file, absolute or relative to the working directory; never empty
   */
  record Unix(Path path) implements Endpoint {

    /** Refuses an empty path, and a path of another file system than the machine's own. */
    public Unix {
      if (path.toString().isEmpty()) {
        throw new IllegalArgumentException("A unix endpoint needs a path: unix:/path");
      }
      if (!path.getFileSystem().equals(FileSystems.getDefault())) {
        throw new IllegalArgumentException("Not a path of this machine's file system: " + path);
      }
    }

    @Override
    public String toString() {
      return EndpointText.UNIX + path;
    }
  }

  /**
   * A TCP socket.
   *
   * @param host a host name, an IPv4 address or an IPv6 address without brackets
   * @param port 1 to 65535
   */
  record Tcp(String host, int port) implements Endpoint {

    /** Refuses what cannot be a host or a port. */
    public Tcp {
      EndpointText.checkHost(host);
      EndpointText.checkPort(port);
    }

    @Override
    public String toString() {
      String shown = host.indexOf(':') < 0 ? host : '[' + host + ']';
      return EndpointText.TCP + shown + ':' + port;
    }
  }

  /**
   * The endpoint that a text names: {@code unix:/path}, a bare path, or {@code tcp:HOST:PORT} with
   * an IPv6 address in brackets ({@code tcp:[::1]:4444}). A bare path that begins like a scheme
   * ({@code name:...}) must be written with {@code unix:} or {@code ./} before it.
   *
   * @throws IllegalArgumentException if the text is not an endpoint, or of a kind that is not
   *     supported yet ({@code tls:}, {@code exec:}); the message says which
   */
  static Endpoint parse(String text) {
    return EndpointText.parse(text);
  }

  /** The unix socket at a path. */
  static Endpoint unix(Path path) {
    return new Unix(path);
  }

  /**
   * The TCP socket at a host and port.
   *
   * @throws IllegalArgumentException if either cannot be one
   */
  static Endpoint tcp(String host, int port) {
    return new Tcp(host, port);
  }
}
