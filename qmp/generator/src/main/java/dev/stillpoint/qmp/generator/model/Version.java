package dev.stillpoint.qmp.generator.model;

/** A version of QEMU by its first two numbers: within them the schema stays as it is. */
public record Version(int major, int minor) implements Comparable<Version> {
  /** Reads {@code 7.2}, or {@code 7.2.22} without its last number. */
  public static Version of(String text) {
    String[] parts = text.split("\\.", -1);
    return new Version(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
  }

  @Override
  public int compareTo(Version other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
