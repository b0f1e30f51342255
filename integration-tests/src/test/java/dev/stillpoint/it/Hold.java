package dev.stillpoint.it;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What lies between the reply to the freeze and the request to thaw, in strace's lines. */
final class Hold {
  private static final String FREEZE = request("guest-fsfreeze-freeze");
  private static final String THAW = request("guest-fsfreeze-thaw");

  /** The agent's reply to the freeze of three file systems. */
  private static final String FROZEN = "{\\\"return\\\": 3";

  private static final Pattern BEGIN = Pattern.compile("\\d+ +[\\d.]+ (\\w+)\\(.*", Pattern.DOTALL);
  private static final Pattern FILE = Pattern.compile("\\w+\\(\\d+<(/[^>]*)>");

  private Hold() {}

  /** From where the freeze was answered to where the thaw was asked for. */
  static SystemCalls of(SystemCalls calls) {
    int frozen = frozen(calls);
    return calls.between(frozen, calls.find(frozen, line -> line.contains(THAW)));
  }

  /** Where the freeze was answered. */
  static int frozen(SystemCalls calls) {
    int asked = calls.find(0, line -> line.contains(FREEZE));
    return calls.find(asked, line -> line.contains(FROZEN));
  }

  /** As strace quotes it. */
  static String request(String command) {
    return "{\\\"execute\\\":\\\"" + command + "\\\"";
  }

  /** The names of the commands that we sent, in order. */
  static List<String> sent(SystemCalls calls) {
    var name = Pattern.compile(Pattern.quote("{\\\"execute\\\":\\\"") + "([\\w-]+)");
    return calls.all(line -> call(line).equals("write")).stream()
        .map(name::matcher)
        .filter(Matcher::find)
        .map(found -> found.group(1))
        .toList();
  }

  /** The call that a line begins; empty for one that only ends it. */
  static String call(String line) {
    var matcher = BEGIN.matcher(line);
    return matcher.matches() ? matcher.group(1) : "";
  }

  /** The file behind a call's first argument, if it is one. */
  static String file(String line) {
    var matcher = FILE.matcher(line);
    return matcher.find() ? matcher.group(1) : "";
  }
}
