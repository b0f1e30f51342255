package dev.stillpoint.qmp.endpoint;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The text form of endpoints. */
final class EndpointText {

  static final String UNIX = "unix:";
  static final String TCP = "tcp:";

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
          "An endpoint is empty; write unix:/path, a path or tcp:HOST:PORT");
    }
    Matcher scheme = SCHEME.matcher(text);
    if (!scheme.matches()) {
      return new Endpoint.Unix(Path.of(text));
    }
    String rest = text.substring(scheme.end(1) + 1);
    return switch (scheme.group(1)) {
      case "unix" -> new Endpoint.Unix(Path.of(rest));
      case "tcp" -> parseTcp(text, rest);
      case "tls", "exec" ->
          throw new IllegalArgumentException(
              scheme.group(1) + ": endpoints are not supported yet: " + text);
      default ->
          throw new IllegalArgumentException(
              "Unknown kind of endpoint: "
                  + text
                  + " (a path that begins so is written unix:"
                  + text
                  + ")");
    };
  }

  private static Endpoint parseTcp(String text, String hostAndPort) {
    int colon = hostAndPort.lastIndexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("No port: " + text + " (write tcp:HOST:PORT)");
    }
    String host = hostAndPort.substring(0, colon);
    String port = hostAndPort.substring(colon + 1);
    boolean bracketed = host.length() > 2 && host.startsWith("[") && host.endsWith("]");
    if (!bracketed && host.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "An IPv6 address needs brackets: " + text + " (write tcp:[ADDRESS]:PORT)");
    }
    if (bracketed && host.indexOf(':') < 0) {
      throw new IllegalArgumentException("Only an IPv6 address takes brackets: " + text);
    }
    if (!PORT.matcher(port).matches()) {
      throw new IllegalArgumentException("Not a port: '" + port + "' in " + text);
    }
    return new Endpoint.Tcp(
        bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(port));
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
