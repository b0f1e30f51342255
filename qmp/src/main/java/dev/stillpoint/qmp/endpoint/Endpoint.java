package dev.stillpoint.qmp.endpoint;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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
      return EndpointText.TCP + EndpointText.hostAndPort(host, port);
    }
  }

  /**
   * A TCP socket that speaks TLS, as QEMU's {@code tls-creds} gives it to a {@code -chardev
   * socket}. The server's certificate must be signed by an authority that is trusted here and must
   * bear the host's name or address.
   *
   * @param host a host name, an IPv4 address or an IPv6 address without brackets
   * @param port 1 to 65535
   * @param ca the authorities to trust, as PEM; empty for those that the JDK trusts
   * @param certificate our own certificate and what lies between it and its authority, as PEM, for
   *     a server that asks for one
   * @param key the certificate's private key as PEM (PKCS#8, not encrypted); empty where it stands
   *     in the certificate's file
   */
  record Tls(
      String host, int port, Optional<Path> ca, Optional<Path> certificate, Optional<Path> key)
      implements Endpoint {

    /** Refuses what cannot be a host or a port, and a key without its certificate. */
    public Tls {
      EndpointText.checkHost(host);
      EndpointText.checkPort(port);
      if (key.isPresent() && certificate.isEmpty()) {
        throw new IllegalArgumentException("A key needs its certificate: cert=FILE,key=FILE");
      }
    }

    @Override
    public String toString() {
      return EndpointText.TLS
          + EndpointText.hostAndPort(host, port)
          + EndpointText.option(EndpointText.CA, ca)
          + EndpointText.option(EndpointText.CERT, certificate)
          + EndpointText.option(EndpointText.KEY, key);
    }
  }

  /**
   * A program whose standard input and output are the connection, such as {@code ssh host socat -
   * UNIX:/run/vm.qmp} or a QEMU with {@code -qmp stdio}. It is started for each connection, by its
   * name along {@code PATH} and without a shell, in a session of its own: it has no terminal to ask
   * for a password at, and a Ctrl-C at ours does not reach it. It ends with the connection.
   *
   * @param command the program and its arguments, at least the program. They are part of the
   *     endpoint's name, which goes into messages and journals: no place for a password
   */
  record Exec(List<String> command) implements Endpoint {

    /** Refuses an empty command, and words that no program can be given. */
    public Exec {
      command = List.copyOf(command);
      if (command.isEmpty() || command.get(0).isEmpty()) {
        throw new IllegalArgumentException("An exec endpoint needs a program: exec:PROGRAM ARG...");
      }
      if (command.stream().anyMatch(word -> word.indexOf('\0') >= 0)) {
        throw new IllegalArgumentException("A program cannot be given a NUL character");
      }
    }

    @Override
    public String toString() {
      return EndpointText.EXEC + CommandWords.join(command);
    }
  }

  /**
   * The endpoint that a text names: {@code unix:/path}, a bare path, {@code tcp:HOST:PORT} with an
   * IPv6 address in brackets ({@code tcp:[::1]:4444}), {@code
   * tls:HOST:PORT[,ca=FILE][,cert=FILE][,key=FILE]} where two commas are a comma of the name, or
   * {@code exec:PROGRAM ARG...} in words as a shell splits them, with quotes and backslash and
   * nothing else. A bare path that begins like a scheme ({@code name:...}) must be written with
   * {@code unix:} or {@code ./} before it.
   *
   * @throws IllegalArgumentException if the text is not an endpoint; the message says why
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
