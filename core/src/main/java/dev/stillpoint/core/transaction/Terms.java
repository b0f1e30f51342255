package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Quiesce;

/** What the caller laid down and nothing on the way can change. */
public record Terms(Quiesce quiesce, LateCut lateCut, boolean dryRun) {}
