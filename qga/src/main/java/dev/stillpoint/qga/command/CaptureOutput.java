package dev.stillpoint.qga.command;

import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/** What {@code guest-exec} keeps of a program's output. */
public final class CaptureOutput {
  /** Both outputs, apart; the one way that every agent knows. */
  public static final CaptureOutput BOTH = new CaptureOutput(true);

  private final Object wire;

  private CaptureOutput(Object wire) {
    this.wire = wire;
  }

  /**
   * {@code none}, {@code stdout}, {@code stderr}, {@code separated} or {@code merged}. Since QEMU
   * 8.0.
   */
  public static CaptureOutput mode(String name) {
    return new CaptureOutput(name);
  }

  /** The form on the wire, {@code true} or the name of a mode. */
  @JsonValue
  public Object wire() {
    return wire;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CaptureOutput capture && wire.equals(capture.wire);
  }

  @Override
  public int hashCode() {
    return wire.hashCode();
  }

  @Override
  public String toString() {
    return "CaptureOutput[" + wire + "]";
  }
}
