package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.Guest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The way into an array by ssh: an sshd with a key of its own, and a key that it lets in. All that
 * this host keeps of it lies in the array's temporary directory; nobody's {@code ~/.ssh} is read or
 * written, since {@link #config} names every file.
 */
public final class ArraySsh {
  /** What to call it; {@link #config} knows where that is. */
  public static final String DESTINATION = "root@array";

  private static final String ALIAS = "array";

  private final Guest guest;
  private final Path directory;
  private final int port;

  private ArraySsh(Guest guest, Path directory, int port) {
    this.guest = guest;
    this.directory = directory;
    this.port = port;
  }

  static ArraySsh start(Guest guest, int port) {
    HostTools.require("ssh", "ssh-keygen");
    try {
      Path directory = Files.createDirectory(guest.agent().resolveSibling("ssh"));
      var ssh = new ArraySsh(guest, directory, port);
      ssh.makeKey("host");
      ssh.makeKey("client");
      guest.shell("mkdir -p /run/ssh");
      ssh.put("host", "/run/ssh/host");
      ssh.put("client.pub", "/run/ssh/authorized");
      ssh.know("host.pub", "known");
      guest.shell("start_sshd");
      ssh.writeConfig("config", List.of());
      return ssh;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A configuration for ssh, by which {@link #DESTINATION} is the array. */
  public Path config() {
    return directory.resolve("config");
  }

  /**
   * Another one, in which these settings stand in the place of the right ones.
   *
   * @param settings such as {@code Port 1}; a file that one names is in {@link #directory}
   */
  public Path configWith(String name, String... settings) {
    try {
      return writeConfig(name, List.of(settings));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where the keys are: {@code client}, and what is known of the server, {@code known}. */
  public Path directory() {
    return directory;
  }

  /** Makes another pair of keys there: {@code name} and {@code name.pub}. */
  public Path makeKey(String name) {
    HostCommand.run(
        directory, List.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name));
    return directory.resolve(name);
  }

  /** Writes a list of known hosts in which the array has this public key. */
  public Path know(String publicKey, String name) throws IOException {
    String key = Files.readString(directory.resolve(publicKey), StandardCharsets.UTF_8);
    return Files.writeString(directory.resolve(name), ALIAS + " " + key, StandardCharsets.UTF_8);
  }

  /** Cuts every connection that is open, as a network does; what runs there goes on. */
  public void cut() {
    guest.shell("cut_ssh");
  }

  /** How often somebody was let in. */
  public int logins() {
    return Integer.parseInt(guest.shell("grep -c Accepted /run/sshd.log || true").strip());
  }

  /** Ends the server. What comes now is refused by the array. */
  public void stop() {
    guest.shell("stop_sshd");
  }

  /** Starts it again, with the same keys. */
  public void restart() {
    guest.shell("start_sshd");
  }

  private void put(String name, String path) throws IOException {
    String text = Base64.getEncoder().encodeToString(Files.readAllBytes(directory.resolve(name)));
    guest.shell("echo %s | base64 -d > %s".formatted(text, path));
  }

  private Path writeConfig(String name, List<String> instead) throws IOException {
    var lines = new ArrayList<>(instead);
    for (String line :
        List.of(
            "HostName 127.0.0.1",
            "Port " + port,
            "HostKeyAlias " + ALIAS,
            "UserKnownHostsFile \"" + directory.resolve("known") + "\"",
            "GlobalKnownHostsFile /dev/null",
            "IdentityFile \"" + directory.resolve("client") + "\"",
            "IdentitiesOnly yes",
            "IdentityAgent none")) {
      String keyword = line.substring(0, line.indexOf(' ') + 1);
      if (instead.stream().noneMatch(setting -> setting.startsWith(keyword))) {
        lines.add(line);
      }
    }
    return Files.write(directory.resolve(name), lines);
  }
}
