package dev.stillpoint.qmp.generator.java;

import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The members whose values are not for a log: they are left out of every text. An owner is a type
 * or a command; what stands under a command counts wherever it is in its arguments and its reply,
 * for those who see no types but only what goes over the wire.
 */
final class Secrets {
  private static final Set<String> ALWAYS = Set.of("password", "passwd", "passphrase");
  private static final Set<String> BY_OWNER =
      Set.of(
          "SecretProperties.data",
          "object-add.data",
          "human-monitor-command.command-line",
          "ringbuf-write.data",
          "ringbuf-read.return",
          "send-key.keys",
          "input-send-event.events",
          "guest-exec.arg",
          "guest-exec.env",
          "guest-exec.input-data",
          "GuestExecStatus.out-data",
          "GuestExecStatus.err-data",
          "guest-exec-status.out-data",
          "guest-exec-status.err-data",
          "guest-file-write.buf-b64",
          "GuestFileRead.buf-b64",
          "guest-file-read.buf-b64",
          "GuestAuthorizedKeys.keys",
          "guest-ssh-get-authorized-keys.keys",
          "guest-ssh-add-authorized-keys.keys",
          "guest-ssh-remove-authorized-keys.keys");

  private Secrets() {}

  static boolean isSecret(String owner, String member) {
    return ALWAYS.contains(member) || BY_OWNER.contains(owner + "." + member);
  }

  /** The same as Java, for those who look at what goes over the wire. */
  static String text() {
    SortedSet<String> members =
        BY_OWNER.stream()
            .map(rule -> rule.substring(rule.indexOf('.') + 1))
            .collect(Collectors.toCollection(TreeSet::new));
    return """
    /** Which members hold what is not for a log; of both protocols. */
    @Generated("stillpoint-qmp-generator")
    public final class SecretMembers {
    private SecretMembers() {}

    /** Whether a member of this name is one wherever it stands. */
    public static boolean anywhere(String member) {
    return switch (member) {
    case %s -> true;
    default -> false;
    };
    }

    /** Whether it is one of this command, in its arguments or its reply, or of this type. */
    public static boolean of(String owner, String member) {
    return anywhere(member) || switch (owner + "." + member) {
    case %s -> true;
    default -> false;
    };
    }

    /** Whether it is one of any command or type, for those who do not know whose it is. */
    public static boolean ofAny(String member) {
    return anywhere(member) || switch (member) {
    case %s -> true;
    default -> false;
    };
    }
    }
    """
        .formatted(words(new TreeSet<>(ALWAYS)), words(new TreeSet<>(BY_OWNER)), words(members));
  }

  private static String words(SortedSet<String> words) {
    return words.stream().map(word -> "\"" + word + "\"").collect(Collectors.joining(", "));
  }
}
