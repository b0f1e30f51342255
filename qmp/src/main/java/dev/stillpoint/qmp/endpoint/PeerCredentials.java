package dev.stillpoint.qmp.endpoint;

/**
 * Who is behind a unix socket, by the kernel's word ({@code SO_PEERCRED}): the process that began
 * to listen, as it was then.
 *
 * @param pid its process id; 0 where it lives in a namespace that this process cannot see
 * @param uid its user
 * @param gid its group
 */
public record PeerCredentials(long pid, long uid, long gid) {}
