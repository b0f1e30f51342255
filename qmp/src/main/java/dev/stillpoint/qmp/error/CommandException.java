package dev.stillpoint.qmp.error;

/**
 * A command did not succeed. The three kinds tell what matters afterwards: whether it can have had
 * an effect.
 */
public abstract sealed class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String command;

  private CommandException(String command, String message) {
    super(message);
    this.command = command;
  }

  /** The name of the command, such as {@code query-block}. */
  public String command() {
    return command;
  }

  /** Not one byte of it was written: it has had no effect. */
  public static final class NotSent extends CommandException {
    private static final long serialVersionUID = 1L;

    /** A command that was not sent, and why. */
    public NotSent(String command, String why) {
      super(command, command + " was not sent: " + why);
    }
  }

  /** The other side answered with an error. */
  public static final class Refused extends CommandException {
    private static final long serialVersionUID = 1L;

    private final String errorClass;
    private final String description;

    /** A refusal in the other side's own words. */
    public Refused(String command, String errorClass, String description) {
      super(command, command + " was refused: " + description);
      this.errorClass = errorClass;
      this.description = description;
    }

    /** The error class, such as {@code GenericError} or {@code CommandNotFound}. */
    public String errorClass() {
      return errorClass;
    }

    /** The text for people; it differs between versions, so decide nothing by it. */
    public String description() {
      return description;
    }
  }

  /** It was written, at least in part, and no reply came: it may have run or may still run. */
  public static final class MayHaveRun extends CommandException {
    private static final long serialVersionUID = 1L;

    /** A command without a reply, and why there is none. */
    public MayHaveRun(String command, String why) {
      super(command, command + " may have run: " + why);
    }

    /** A command without a reply that makes sense. */
    public MayHaveRun(String command, String why, Throwable cause) {
      this(command, why);
      initCause(cause);
    }
  }
}
