package dev.stillpoint.qga.command;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that travel as base64. Immutable; its text is its size alone, so that no secret gets into a
 * log by way of a command.
 */
public final class Bytes {
  private final byte[] bytes;

  private Bytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /** A copy of an array. */
  public static Bytes of(byte[] bytes) {
    return new Bytes(bytes.clone());
  }

  /** A text in UTF-8. */
  public static Bytes utf8(String text) {
    return new Bytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Decodes base64; throws an {@link IllegalArgumentException} for anything else. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Bytes fromBase64(String text) {
    return new Bytes(Base64.getDecoder().decode(text));
  }

  /** The form on the wire. */
  @JsonValue
  public String toBase64() {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** A copy of them. */
  public byte[] toArray() {
    return bytes.clone();
  }

  /** Read as UTF-8; what is not becomes U+FFFD. */
  public String text() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** How many. */
  public int size() {
    return bytes.length;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Bytes more && Arrays.equals(bytes, more.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** How many, and not which. */
  @Override
  public String toString() {
    return bytes.length + " bytes";
  }
}
