package dev.stillpoint.qmp.generator.java;

import dev.stillpoint.qmp.generator.model.Member;
import java.util.Set;

/** The members that the schema calls text and that hold bytes as base64. */
final class Base64Members {
  private static final JavaType BYTES = JavaType.plain("dev.stillpoint.qga.command.Bytes");
  private static final Set<String> BY_OWNER =
      Set.of(
          "guest-exec.input-data",
          "GuestExecStatus.out-data",
          "GuestExecStatus.err-data",
          "GuestFileRead.buf-b64",
          "guest-file-write.buf-b64",
          "guest-set-user-password.password");

  private Base64Members() {}

  /** The type of a member: that of the schema, or bytes. */
  static JavaType type(Schema schema, String owner, Member member) {
    return BY_OWNER.contains(owner + "." + member.name()) ? BYTES : schema.type(member.type());
  }
}
