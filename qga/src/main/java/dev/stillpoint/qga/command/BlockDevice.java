package dev.stillpoint.qga.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A disk, a partition, or what the guest makes of others, such as a logical volume.
 *
 * @param name its node, such as {@code /dev/vda1}
 * @param dependencies the nodes under it, such as the physical volumes of a logical one; null where
 *     the agent does not tell
 * @param address null for what is no real disk
 * @param alias the device mapper's name for it
 * @param smart the health data of an NVMe disk, as the agent tells it; since QEMU 7.1
 */
public record BlockDevice(
    String name,
    boolean partition,
    @Nullable List<String> dependencies,
    @Nullable GuestDisk address,
    @Nullable String alias,
    @Nullable JsonNode smart) {}
