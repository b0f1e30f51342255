package dev.stillpoint.backends.address;

import dev.stillpoint.qmp.secret.Redaction;

/**
 * The name that QEMU has for an image, as it may be told and written down: what QEMU opens it by
 * may have secrets in it. Of two names it is asked by what is told of them whether they are one, so
 * that a name in a journal still is that of a disk.
 */
public final class ToldName {
  private ToldName() {}

  /** The name without secrets; a path is told as it is. Told twice it is as told once. */
  public static String of(String name) {
    return name.startsWith("/") ? name : Redaction.ofText(name);
  }

  /** Whether both are the name of one image, each whole or as it is told. */
  public static boolean isSame(String one, String other) {
    return of(one).equals(of(other));
  }
}
