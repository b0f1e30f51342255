package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * A route in the guest; what belongs to IPv4 alone is null for IPv6, and the other way round.
 *
 * @param version 4 or 6
 */
public record NetworkRoute(
    String iface,
    String destination,
    long metric,
    @Nullable String gateway,
    @Nullable String mask,
    @Nullable Long irtt,
    @Nullable Long flags,
    @Nullable Long refcnt,
    @Nullable Long use,
    @Nullable Long window,
    @Nullable Long mtu,
    @Nullable String desprefixlen,
    @Nullable String source,
    @Nullable String srcprefixlen,
    @Nullable String nexthop,
    int version) {}
