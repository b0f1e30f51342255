package dev.stillpoint.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** One run of the command line in this process: its exit code, and what it wrote where. */
record Run(int code, String out, String err) {

  static Run of(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        Stillpoint.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    return new Run(code, out.toString(), err.toString());
  }
}
