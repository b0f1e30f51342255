package dev.stillpoint.core.transaction;

import dev.stillpoint.core.spi.FreezePace;
import java.util.List;
import java.util.Optional;

/**
 * What checking found out.
 *
 * @param pace how long the guest takes to freeze and holds, where it has a pace of its own
 * @param oneInstant whether all disks will be cut at one instant, frozen or not
 * @param reasons why the consistency will not be better, known before anything is done
 */
public record Survey(
    Plan plan,
    Optional<FreezePace> pace,
    boolean oneInstant,
    List<String> reasons,
    List<String> notCovered,
    List<String> warnings) {}
