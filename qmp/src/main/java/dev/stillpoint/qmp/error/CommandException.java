package dev.stillpoint.qmp.error;

import dev.stillpoint.qmp.names.SecretsInNames;
import java.util.ArrayList;
import java.util.List;

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
  public static sealed class NotSent extends CommandException {
    private static final long serialVersionUID = 1L;

    /** A command that was not sent, and why. */
    public NotSent(String command, String why) {
      super(command, command + " was not sent: " + why);
    }
  }

  /** This QEMU's schema does not have the command, or not what it was given. Not sent. */
  public static final class Unsupported extends NotSent {
    private static final long serialVersionUID = 1L;

    private final ArrayList<String> paths;

    /** A command, and the paths of what is unknown; none where that is the command itself. */
    public Unsupported(String command, List<String> paths) {
      super(
          command,
          paths.isEmpty()
              ? "this QEMU does not know the command"
              : "this QEMU does not know " + String.join(", ", paths));
      this.paths = new ArrayList<>(paths);
    }

    /** What is unknown, or demanded and missing; empty where it is the command itself. */
    public List<String> paths() {
      return List.copyOf(paths);
    }
  }

  /** The other side answered with an error. */
  public static final class Refused extends CommandException {
    private static final long serialVersionUID = 1L;

    private final String errorClass;
    private final String description;

    /** A refusal in the other side's own words, without secrets of the images that they name. */
    public Refused(String command, String errorClass, String description) {
      super(command, command + " was refused: " + SecretsInNames.hide(description));
      this.errorClass = errorClass;
      this.description = SecretsInNames.hide(description);
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
