package dev.stillpoint.backends.lock;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * What a machine is locked by: one of its endpoints, under one name however it is spelled, as links
 * and relative paths lead to it; or its QEMU, to which all its endpoints lead.
 */
record LockName(String text) implements Comparable<LockName> {
  private static final int KEY_BYTES = 16;

  static LockName of(Endpoint endpoint) {
    Endpoint address = address(endpoint);
    return new LockName(
        address instanceof Endpoint.Tls tls
            // Whatever certificate one comes with, a port is one listener.
            ? Endpoint.tcp(tls.host(), tls.port()).toString()
            : address.toString());
  }

  static LockName of(ProcessIdentity qemu) {
    return new LockName("the QEMU of process " + qemu);
  }

  static LockName ofDisk(String disk) {
    try {
      return new LockName("the disk " + real(Path.of(disk)));
    } catch (InvalidPathException e) {
      return new LockName("the disk " + disk);
    }
  }

  @Override
  public int compareTo(LockName other) {
    return text.compareTo(other.text);
  }

  /** The same endpoint, as it is reached from every directory. */
  static Endpoint address(Endpoint endpoint) {
    return switch (endpoint) {
      case Endpoint.Unix unix -> Endpoint.unix(real(unix.path()));
      case Endpoint.Tcp tcp -> Endpoint.tcp(tcp.host().toLowerCase(Locale.ROOT), tcp.port());
      case Endpoint.Tls tls ->
          new Endpoint.Tls(
              tls.host().toLowerCase(Locale.ROOT),
              tls.port(),
              tls.ca().map(Path::toAbsolutePath),
              tls.certificate().map(Path::toAbsolutePath),
              tls.key().map(Path::toAbsolutePath));
      case Endpoint.Exec exec -> exec;
    };
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
