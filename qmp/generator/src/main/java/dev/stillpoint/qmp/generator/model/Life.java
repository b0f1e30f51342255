package dev.stillpoint.qmp.generator.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In which versions something is there, and under what conditions.
 *
 * @param since the first version; null where it is older than all that is modelled, or as old as
 *     what it belongs to
 * @param until the last modelled version that has it; null where the newest has it
 * @param condition what a build must have, such as {@code CONFIG_LINUX && TARGET_I386}; empty where
 *     nothing
 * @param features such as {@code deprecated} and {@code unstable}, as of its last version
 */
public record Life(
    @Nullable Version since, @Nullable Version until, String condition, List<String> features) {
  /** Always there. */
  public static final Life ALWAYS = new Life(null, null, "", List.of());

  /** The feature of what should not be used any more. */
  public static final String DEPRECATED = "deprecated";

  /** The feature of what may change at any time. */
  public static final String UNSTABLE = "unstable";

  /** Copies the list. */
  public Life {
    features = List.copyOf(features);
  }

  /** Whether a version has it, where the build fulfils the condition. */
  public boolean in(Version version) {
    return (since == null || since.compareTo(version) <= 0)
        && (until == null || version.compareTo(until) <= 0);
  }

  /** Whether it was there from the beginning and still is. */
  public boolean isWhole() {
    return since == null && until == null;
  }

  /** Whether it is deprecated. */
  public boolean isDeprecated() {
    return features.contains(DEPRECATED);
  }

  /** Whether it is unstable. */
  public boolean isUnstable() {
    return features.contains(UNSTABLE);
  }
}
