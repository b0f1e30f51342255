package dev.stillpoint.qmp.names;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The names by which QEMU opens images that are no files, wherever they stand in a text. It reads
 * them by their spelling alone: QEMU cuts long ones off, and a half may hold the secret.
 */
public final class SecretsInNames {
  /** What stands for a secret. */
  public static final String HIDDEN = "(secret)";

  private static final String JSON = "json:";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A whole string of JSON, or one that was cut off. */
  private static final Pattern STRING =
      Pattern.compile("\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)(?:\"(\\s*:)?|\\\\?$)", Pattern.DOTALL);

  /** A guest may have written the text: none of these looks at a letter again and again. */
  private static final Pattern URL =
      Pattern.compile(
          "(?<![a-z0-9+.-])([a-z0-9+.-]++)://(?:([^@/?#\"\\s]*)@)?([^?#\"'\\s]*)(\\?[^#\"'\\s]*)?");

  private static final Pattern RBD = Pattern.compile("\\brbd:[^\"'\\s]+");

  /** In such a name, where a colon of a value stands behind a backslash. */
  private static final Pattern RBD_OPTION =
      Pattern.compile(":([^:=\\\\]++)=([^:\\\\]*+(?:\\\\.[^:\\\\]*+)*+)", Pattern.DOTALL);

  /** Of these a user's name may be a token as well. */
  private static final Set<String> WEB = Set.of("http", "https", "ftp", "ftps");

  /** What QEMU reads from the query of an URL; anything else is for the server alone. */
  private static final Set<String> QUERY =
      Set.of(
          "socket",
          "transport",
          "host_key_check",
          "uid",
          "gid",
          "tcp-syncnt",
          "readahead",
          "pagecache",
          "debug");

  /** The name of QEMU's object that holds the secret; it says nothing by itself. */
  private static final String REFERENCE = "-secret";

  private SecretsInNames() {}

  /** The text without the secrets; in time that grows as the text does, whatever is in it. */
  public static String hide(String text) {
    if (text.indexOf(':') < 0) {
      return text;
    }
    int json = text.indexOf(JSON);
    String told = json < 0 ? text : text.substring(0, json) + inJson(text.substring(json));
    String urls = URL.matcher(told).replaceAll(found -> quoted(url(found)));
    return RBD.matcher(urls).replaceAll(found -> quoted(rbd(found.group())));
  }

  private static String quoted(String text) {
    return Matcher.quoteReplacement(text);
  }

  private static String inJson(String json) {
    var told = new StringBuilder();
    String key = "";
    Matcher found = STRING.matcher(json);
    while (found.find()) {
      String inside = found.group(1);
      if (found.group(2) != null) {
        key = inside;
      } else {
        String value = isSecretMember(key) ? HIDDEN : value(inside);
        if (!value.equals(inside)) {
          found.appendReplacement(told, quoted('"' + value + '"'));
        }
        key = "";
      }
    }
    return found.appendTail(told).toString();
  }

  private static boolean isSecretMember(String key) {
    String name = key.substring(key.lastIndexOf('.') + 1);
    return !name.endsWith(REFERENCE)
        && (isSecret(name) || name.equals("cookie") || name.equals("=keyvalue-pairs"));
  }

  /** A value of JSON may be such a name itself. */
  private static String value(String inside) {
    try {
      String plain = MAPPER.readTree('"' + inside + '"').asText();
      String told = hide(plain);
      if (told.equals(plain)) {
        return inside;
      }
      String encoded = TextNode.valueOf(told).toString();
      return encoded.substring(1, encoded.length() - 1);
    } catch (JsonProcessingException e) {
      return hide(inside);
    }
  }

  private static String url(MatchResult url) {
    String scheme = url.group(1);
    String user = url.group(2);
    String query = url.group(4);
    return scheme
        + "://"
        + (user == null ? "" : user(scheme, user) + "@")
        + url.group(3)
        + (query == null ? "" : "?" + query(query.substring(1)));
  }

  private static String user(String scheme, String user) {
    if (WEB.contains(scheme)) {
      return HIDDEN;
    }
    // iSCSI has its password behind a percent sign.
    int end = user.indexOf(scheme.startsWith("iscsi") || scheme.equals("iser") ? '%' : ':');
    return end < 0 ? user : user.substring(0, end + 1) + HIDDEN;
  }

  private static String query(String query) {
    return Arrays.stream(query.split("&", -1))
        .map(SecretsInNames::parameter)
        .collect(Collectors.joining("&"));
  }

  private static String parameter(String parameter) {
    int value = parameter.indexOf('=') + 1;
    if (value > 0
        && (value == parameter.length() || QUERY.contains(parameter.substring(0, value - 1)))) {
      return parameter;
    }
    return parameter.substring(0, value) + HIDDEN;
  }

  private static String rbd(String name) {
    return RBD_OPTION
        .matcher(name)
        .replaceAll(option ->
            quoted(
                isSecret(option.group(1)) ? ":" + option.group(1) + "=" + HIDDEN : option.group()));
  }

  /** Not so {@code keyring} and {@code keyfile}, which are paths. */
  private static boolean isSecret(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[ -]", "_");
    return plain.equals("key")
        || plain.endsWith("_key")
        || plain.contains("secret")
        || plain.contains("passw")
        || plain.contains("token");
  }
}
