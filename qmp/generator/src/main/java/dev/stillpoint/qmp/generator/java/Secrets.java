package dev.stillpoint.qmp.generator.java;

import java.util.Set;

/** The members whose values are not for a log: they are left out of every text. */
final class Secrets {
  private static final Set<String> ALWAYS = Set.of("password", "passwd", "passphrase");
  private static final Set<String> BY_OWNER =
      Set.of(
          "SecretProperties.data",
          "human-monitor-command.command-line",
          "ringbuf-write.data",
          "send-key.keys",
          "guest-exec.arg",
          "guest-exec.env",
          "guest-exec.input-data",
          "GuestExecStatus.out-data",
          "GuestExecStatus.err-data",
          "guest-file-write.buf-b64",
          "GuestFileRead.buf-b64",
          "GuestAuthorizedKeys.keys",
          "guest-ssh-add-authorized-keys.keys",
          "guest-ssh-remove-authorized-keys.keys");

  private Secrets() {}

  static boolean isSecret(String owner, String member) {
    return ALWAYS.contains(member) || BY_OWNER.contains(owner + "." + member);
  }
}
