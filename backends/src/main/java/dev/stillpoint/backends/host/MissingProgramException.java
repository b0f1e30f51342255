package dev.stillpoint.backends.host;

import java.io.IOException;

/** A program that is needed is not installed where it is needed. */
public final class MissingProgramException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says which program is missing, and where. */
  public MissingProgramException(String program, String place) {
    super("the program " + program + " is not installed on " + place);
  }
}
