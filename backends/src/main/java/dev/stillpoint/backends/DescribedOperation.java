package dev.stillpoint.backends;

import dev.stillpoint.core.snapshot.SnapshotOperation;
import java.util.concurrent.CompletionStage;

/**
 * A snapshot of described disks on its way.
 *
 * @param operation as any other: it tells its id, and can be asked to stop
 * @param result how it ended, with the XML; as {@link SnapshotOperation#result} it completes
 *     always, and always normally
 */
public record DescribedOperation(
    SnapshotOperation operation, CompletionStage<DescribedSnapshot> result) {}
