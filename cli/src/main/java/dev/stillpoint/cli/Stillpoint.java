package dev.stillpoint.cli;

import java.io.PrintWriter;
import java.lang.module.ModuleDescriptor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line's front door. */
@Command(
    name = "stillpoint",
    description = "Takes consistent snapshots of the disks of running QEMU machines.",
    mixinStandardHelpOptions = true,
    versionProvider = Stillpoint.Version.class,
    subcommands = {
      SnapshotCommand.class,
      FreezeCommand.class,
      ThawCommand.class,
      StatusCommand.class,
      RecoverCommand.class,
      DoctorCommand.class,
      LayersCommand.class,
      ListCommand.class,
      RevertCommand.class,
      DeleteCommand.class,
      QmpCommand.class,
      QgaCommand.class
    },
    footer = {
      "",
      "Endpoints (EP): unix:/path or a bare path, tcp:HOST:PORT,",
      "tls:HOST:PORT[,ca=FILE][,cert=FILE][,key=FILE], exec:PROGRAM ARG...",
      "Exit codes: 0 done; 1 failed or cancelled, the guest is safe; 2 usage;",
      "3 THE GUEST MAY BE FROZEN OR PAUSED; 4 outcome unknown or undo failed, the guest is safe.",
      "",
      "'./stillpoint demo' shows the main job on a throwaway guest."
    })
public final class Stillpoint implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    int code = execute(args);
    System.out.flush();
    System.exit(code);
  }

  static int execute(String... args) {
    return commandLine().execute(args);
  }

  static CommandLine commandLine() {
    return new CommandLine(new Stillpoint())
        .setCaseInsensitiveEnumValuesAllowed(true)
        // A disk or a path may begin with '@'; nobody means a file of arguments by it.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(Stillpoint::misused)
        .setExecutionExceptionHandler(Stillpoint::failed);
  }

  /** One line that says what is wrong, and where to read on; a page of options would bury it. */
  private static int misused(ParameterException mistake, String[] args) {
    CommandLine command = mistake.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("stillpoint: " + mistake.getMessage());
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    err.flush();
    return ExitCode.USAGE;
  }

  /** Commands tell their own failures; what arrives here came before anything was frozen. */
  private static int failed(
      Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    Plain.warn(command, String.valueOf(failure.getMessage()));
    return ExitCode.FAILED;
  }

  @Override
  public void run() {
    CommandSpec known = spec;
    if (known != null) {
      throw new ParameterException(known.commandLine(), "no command is named");
    }
  }

  /** The version of the module or, on the class path, in the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"stillpoint " + version()};
    }

    private static String version() {
      ModuleDescriptor module = Stillpoint.class.getModule().getDescriptor();
      String packaged = Stillpoint.class.getPackage().getImplementationVersion();
      return Optional.ofNullable(module)
          .flatMap(ModuleDescriptor::rawVersion)
          .or(() -> Optional.ofNullable(packaged))
          .orElse("(unpackaged)");
    }
  }
}
