package dev.stillpoint.qmp.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DefaultByteBufHolder;
import java.io.FileDescriptor;

/**
 * Bytes with an open file that goes with the first of them (SCM_RIGHTS): the other side gets a
 * duplicate. Only a {@link UnixChannel} takes it. The file must stay open until it is written.
 */
public final class PassedDescriptor extends DefaultByteBufHolder {
  private final FileDescriptor descriptor;
  private boolean passed;

  /** A message with its file. */
  public PassedDescriptor(ByteBuf bytes, FileDescriptor descriptor) {
    super(bytes);
    this.descriptor = descriptor;
  }

  FileDescriptor descriptor() {
    return descriptor;
  }

  /** Whether the first bytes are written, and the file with them. */
  boolean isPassed() {
    return passed;
  }

  void markPassed() {
    passed = true;
  }

  @Override
  public PassedDescriptor replace(ByteBuf content) {
    return new PassedDescriptor(content, descriptor);
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
