package dev.stillpoint.qmp.job;

/** A job did not reach its end, or not the one that was wished for. */
public final class JobFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** How it came. */
  public enum Reason {
    /** QEMU says that it failed; the message has QEMU's words. */
    FAILED,
    /** Somebody cancelled it. */
    CANCELLED,
    /**
     * It was forgotten ({@code job-dismiss}) before its end was read: what came of it is not known.
     */
    FORGOTTEN,
    /** The connection has ended. The job may go on, if QEMU does. */
    DISCONNECTED
  }

  private final String id;
  private final Reason reason;

  JobFailedException(String id, Reason reason, String detail) {
    super("the job " + id + " " + detail);
    this.id = id;
    this.reason = reason;
  }

  /** The job's id. */
  public String id() {
    return id;
  }

  /** How it came. */
  public Reason reason() {
    return reason;
  }
}
