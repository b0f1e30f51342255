package dev.stillpoint.qmp.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * An authority, a server and a client that trust each other, made by the JDK's keytool: PEM files
 * by the names that QEMU's {@code tls-creds-x509} looks for in its directory. The server is {@code
 * localhost} and 127.0.0.1.
 */
public final class TestCertificates {
  private static final String PASSWORD = "not-a-secret";
  private static final String STORE = "store.p12";
  private static final int LINE = 64;

  private final Path directory;

  private TestCertificates(Path directory) {
    this.directory = directory;
  }

  /** Makes them in an empty directory; takes a second or two. */
  public static TestCertificates in(Path directory)
      throws IOException, GeneralSecurityException, InterruptedException {
    var made = new TestCertificates(directory);
    made.keytool("ca", "bc:c", "ku=keyCertSign,cRLSign");
    made.keytool(
        "server",
        "ku=digitalSignature,keyEncipherment",
        "eku=serverAuth",
        "san=dns:localhost,ip:127.0.0.1");
    made.keytool("client", "ku=digitalSignature,keyEncipherment", "eku=clientAuth");
    made.export();
    return made;
  }

  private void keytool(String name, String... extensions) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-genkeypair", "-alias", name, "-dname", "CN=" + name));
    // GnuTLS does not read the elliptic curve keys that the JDK writes.
    command.addAll(List.of("-keyalg", "RSA", "-keysize", "2048", "-validity", "3650"));
    command.addAll(List.of("-keystore", directory.resolve(STORE).toString()));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
    if (!name.equals("ca")) {
      command.addAll(List.of("-signer", "ca"));
    }
    for (String extension : extensions) {
      command.addAll(List.of("-ext", extension));
    }
    Path log = directory.resolve("keytool.log");
    int exit =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    if (exit != 0) {
      throw new IOException("keytool failed: " + Files.readString(log));
    }
  }

  private void export() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream from = Files.newInputStream(directory.resolve(STORE))) {
      store.load(from, PASSWORD.toCharArray());
    }
    for (String name : List.of("ca", "server", "client")) {
      Certificate certificate = store.getCertificate(name);
      write(name + "-cert.pem", "CERTIFICATE", certificate.getEncoded());
      write(
          name + "-key.pem",
          "PRIVATE KEY",
          store.getKey(name, PASSWORD.toCharArray()).getEncoded());
    }
  }

  private void write(String file, String kind, byte[] encoded) throws IOException {
    String body =
        Base64.getMimeEncoder(LINE, "\n".getBytes(StandardCharsets.US_ASCII))
            .encodeToString(encoded);
    Files.writeString(
        directory.resolve(file),
        "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(kind, body, kind));
  }

  /** Where the files are. */
  public Path directory() {
    return directory;
  }

  /** The authority's certificate. */
  public Path authority() {
    return directory.resolve("ca-cert.pem");
  }

  /** The client's certificate. */
  public Path client() {
    return directory.resolve("client-cert.pem");
  }

  /** The client's private key. */
  public Path clientKey() {
    return directory.resolve("client-key.pem");
  }
}
