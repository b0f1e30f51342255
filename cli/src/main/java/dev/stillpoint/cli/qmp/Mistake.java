package dev.stillpoint.cli.qmp;

/** Something that nobody can mean to QEMU; nothing was sent. No message of it repeats a value. */
public final class Mistake extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Mistake(String message) {
    super(message);
  }
}
