package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/** The version of a running QEMU, and how its distributor calls the build. */
public record VersionInfo(Triple qemu, @JsonProperty("package") @Nullable String distribution) {

  /** The three numbers of a version. */
  public record Triple(int major, int minor, int micro) {
    @Override
    public String toString() {
      return major + "." + minor + "." + micro;
    }
  }
}
