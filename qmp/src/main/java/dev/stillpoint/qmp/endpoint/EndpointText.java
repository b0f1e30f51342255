package dev.stillpoint.qmp.endpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The text form of endpoints. */
final class EndpointText {

  static final String UNIX = "unix:";
  static final String TCP = "tcp:";
  static final String TLS = "tls:";
  static final String EXEC = "exec:";
  static final String CA = "ca";
  static final String CERT = "cert";
  static final String KEY = "key";

  private static final int MAX_PORT = 65_535;

  /** RFC 3986's scheme: what looks like one is never taken for a path. */
  private static final Pattern SCHEME =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):.*", Pattern.DOTALL);

  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
  private static final Pattern NAME_OR_IPV4 = Pattern.compile("[^\\s\\p{Cntrl}\\[\\]:/,%@]+");
  private static final Pattern IPV6 =
      Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?");

  private EndpointText() {}

  static Endpoint parse(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(
          "An endpoint is empty; write unix:/path, a path, tcp:HOST:PORT, tls:HOST:PORT or"
              + " exec:PROGRAM");
    }
    Matcher scheme = SCHEME.matcher(text);
    if (!scheme.matches()) {
      return new Endpoint.Unix(Path.of(text));
    }
    String rest = text.substring(scheme.end(1) + 1);
    return switch (scheme.group(1)) {
      case "unix" -> new Endpoint.Unix(Path.of(rest));
      case "tcp" -> parseTcp(text, rest);
      case "tls" -> parseTls(text, rest);
      case "exec" -> new Endpoint.Exec(CommandWords.split(rest));
      default ->
          throw new IllegalArgumentException(
              "Unknown kind of endpoint: "
                  + text
                  + " (a path that begins so is written unix:"
                  + text
                  + ")");
    };
  }

  private static Endpoint parseTcp(String text, String rest) {
    HostAndPort address = HostAndPort.parse(text, rest, TCP);
    return new Endpoint.Tcp(address.host(), address.port());
  }

  private static Endpoint parseTls(String text, String rest) {
    List<String> parts = atSingleCommas(rest);
    HostAndPort address = HostAndPort.parse(text, parts.get(0), TLS);
    Map<String, Path> files = new HashMap<>();
    for (String option : parts.subList(1, parts.size())) {
      int equals = option.indexOf('=');
      String name = equals < 0 ? option : option.substring(0, equals);
      if (!List.of(CA, CERT, KEY).contains(name)) {
        throw new IllegalArgumentException(
            "Not an option of a tls endpoint: '" + name + "' (they are ca=, cert= and key=)");
      }
      if (equals < 0 || equals == option.length() - 1) {
        throw new IllegalArgumentException("No file: " + name + " (write " + name + "=FILE)");
      }
      if (files.put(name, Path.of(option.substring(equals + 1))) != null) {
        throw new IllegalArgumentException("Given twice: " + name + " in " + text);
      }
    }
    return new Endpoint.Tls(
        address.host(),
        address.port(),
        Optional.ofNullable(files.get(CA)),
        Optional.ofNullable(files.get(CERT)),
        Optional.ofNullable(files.get(KEY)));
  }

  /** Splits at commas, of which two in a row are one that belongs to the text. */
  private static List<String> atSingleCommas(String text) {
    List<String> parts = new ArrayList<>();
    var part = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) != ',') {
        part.append(text.charAt(i));
      } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
        part.append(',');
        i++;
      } else {
        parts.add(part.toString());
        part.setLength(0);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  static String option(String name, Optional<Path> file) {
    return file.map(path -> "," + name + "=" + path.toString().replace(",", ",,")).orElse("");
  }

  static String hostAndPort(String host, int port) {
    return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + port;
  }

  private record HostAndPort(String host, int port) {
    static HostAndPort parse(String text, String hostAndPort, String scheme) {
      int colon = hostAndPort.lastIndexOf(':');
      if (colon < 0) {
        throw new IllegalArgumentException("No port: " + text + " (write " + scheme + "HOST:PORT)");
      }
      String host = hostAndPort.substring(0, colon);
      String port = hostAndPort.substring(colon + 1);
      boolean bracketed = host.length() > 2 && host.startsWith("[") && host.endsWith("]");
      if (!bracketed && host.indexOf(':') >= 0) {
        throw new IllegalArgumentException(
            "An IPv6 address needs brackets: " + text + " (write " + scheme + "[ADDRESS]:PORT)");
      }
      if (bracketed && host.indexOf(':') < 0) {
        throw new IllegalArgumentException("Only an IPv6 address takes brackets: " + text);
      }
      if (!PORT.matcher(port).matches()) {
        throw new IllegalArgumentException("Not a port: '" + port + "' in " + text);
      }
      return new HostAndPort(
          bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(port));
    }
  }

  static void checkHost(String host) {
    Pattern pattern = host.indexOf(':') < 0 ? NAME_OR_IPV4 : IPV6;
    if (!pattern.matcher(host).matches()) {
      throw new IllegalArgumentException("Not a host: '" + host + "'");
    }
  }

  static void checkPort(int port) {
    if (port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException("Not a port between 1 and " + MAX_PORT + ": " + port);
    }
  }
}
