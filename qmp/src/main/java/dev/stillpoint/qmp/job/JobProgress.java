package dev.stillpoint.qmp.job;

/**
 * Where a job stands, as {@code query-jobs} tells it.
 *
 * @param type what it does, such as {@code commit}
 * @param status QEMU's word, such as {@code running}, {@code ready} or {@code concluded}
 * @param done how much is done, in the job's own unit (bytes, for those that copy)
 * @param total how much there is to do, as far as is known now; it may grow
 */
public record JobProgress(String type, String status, long done, long total) {}
