package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * {@code blockdev-snapshot-sync}: opens or creates an overlay and puts it on top. It overwrites an
 * existing file without a word; {@code mode} is {@code existing} or {@code absolute-paths}.
 */
public record BlockdevSnapshotSync(
    @Nullable String device,
    @Nullable String nodeName,
    String snapshotFile,
    @Nullable String snapshotNodeName,
    @Nullable String format,
    @Nullable String mode)
    implements QmpCommand<Void> {
  @Override
  public String command() {
    return "blockdev-snapshot-sync";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
