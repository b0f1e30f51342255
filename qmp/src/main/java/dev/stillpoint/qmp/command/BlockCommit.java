package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/** {@code block-commit}: merges nodes into a base; {@code device} may be a node name. */
public record BlockCommit(
    String jobId,
    String device,
    @Nullable String topNode,
    @Nullable String baseNode,
    @Nullable Boolean autoFinalize,
    @Nullable Boolean autoDismiss)
    implements QmpCommand<Void> {
  @Override
  public String command() {
    return "block-commit";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
