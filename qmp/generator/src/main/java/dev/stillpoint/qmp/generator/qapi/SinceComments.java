package dev.stillpoint.qmp.generator.qapi;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Finds the version numbers in the comment before an expression, and forgets its words. */
final class SinceComments {
  private static final Pattern SECTION = Pattern.compile("# ?@([A-Za-z0-9_.-]+):(.*)");
  private static final Pattern WHOLE = Pattern.compile("# *Since:? *(\\d+\\.\\d+).*");
  private static final Pattern PART =
      Pattern.compile("[(;] ?[Ss]ince:? *(?:version )?(\\d+\\.\\d+)");
  private static final String FRAME = "##";

  private String since = "";
  private String member = "";
  private final Map<String, String> memberSince = new LinkedHashMap<>();
  private boolean framed;

  void clear() {
    since = "";
    member = "";
    memberSince.clear();
    framed = false;
  }

  String since() {
    return since;
  }

  Map<String, String> memberSince() {
    return new LinkedHashMap<>(memberSince);
  }

  void read(String line) {
    if (line.equals(FRAME)) {
      boolean opens = !framed;
      clearWhen(opens);
      framed = opens;
      return;
    }
    if (!framed) {
      return;
    }
    var section = SECTION.matcher(line);
    var whole = WHOLE.matcher(line);
    String rest = line;
    if (section.matches()) {
      member = section.group(1);
      rest = section.group(2);
    } else if (whole.matches()) {
      since = whole.group(1);
      member = "";
      return;
    } else if (line.matches("# ?(Features|Returns|Errors?|Notes?|Examples?|TODO|\\.\\. .*):?.*")) {
      member = "";
    }
    var part = PART.matcher(rest);
    if (!member.isEmpty() && part.find()) {
      memberSince.putIfAbsent(member, part.group(1));
    }
  }

  private void clearWhen(boolean opens) {
    if (opens) {
      clear();
    }
  }
}
