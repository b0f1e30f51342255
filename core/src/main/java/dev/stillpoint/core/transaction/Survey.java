package dev.stillpoint.core.transaction;

import java.util.List;

/**
 * What checking found out.
 *
 * @param oneInstant whether all disks will be cut at one instant, frozen or not
 * @param reasons why the consistency will not be better, known before anything is done
 */
public record Survey(
    Plan plan,
    boolean oneInstant,
    List<String> reasons,
    List<String> notCovered,
    List<String> warnings) {}
