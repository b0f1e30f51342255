package dev.stillpoint.backends.lock;

import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** The one name of an endpoint, however it is spelled: links and relative paths lead to it. */
record CanonicalEndpoint(String text) {
  private static final int KEY_BYTES = 16;

  static CanonicalEndpoint of(Endpoint endpoint) {
    return new CanonicalEndpoint(
        switch (endpoint) {
          case Endpoint.Unix unix -> Endpoint.unix(real(unix.path())).toString();
          case Endpoint.Tcp tcp ->
              Endpoint.tcp(tcp.host().toLowerCase(Locale.ROOT), tcp.port()).toString();
          case Endpoint.Tls tls ->
              // Whatever certificate one comes with, a port is one listener.
              Endpoint.tcp(tls.host().toLowerCase(Locale.ROOT), tls.port()).toString();
          case Endpoint.Exec exec -> exec.toString();
        });
  }

  /** A socket that is not there yet has a directory all the same. */
  private static Path real(Path path) {
    Path absolute = path.toAbsolutePath();
    try {
      return absolute.toRealPath();
    } catch (IOException absent) {
      Path parent = absolute.getParent();
      Path name = absolute.getFileName();
      try {
        return parent == null || name == null
            ? absolute.normalize()
            : parent.toRealPath().resolve(name);
      } catch (IOException noDirectory) {
        return absolute.normalize();
      }
    }
  }

  /** The lock file's name. */
  String fileName() {
    return key() + ".lock";
  }

  /** The name of its guard's lock file. */
  String guardFileName() {
    return key() + ".guard.lock";
  }

  /** The name of its guard's socket. */
  String doorName() {
    return key() + ".sock";
  }

  /** A path may be longer than a name can be. */
  private String key() {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, KEY_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
