package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostCommand.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * This host's apt, asked about its own suite or, in a root of its own with nothing installed, about
 * another one of the same mirror. Nothing is installed in either case.
 *
 * @param options what every call begins with; none for the host's own suite
 * @param isPrivate whether its lists are ours, so that anybody may bring them up to date
 */
record Apt(List<String> options, boolean isPrivate) {
  private static final Path ANYWHERE = Path.of("/");
  private static final Path KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");
  private static final Path RELEASE = Path.of("/etc/os-release");
  private static final String CODENAME = "VERSION_CODENAME=";
  private static final String MAIN = "main";
  private static final String BACKPORTS = "-backports";
  private static final Pattern DEPENDS =
      Pattern.compile("^ [ |](?:Pre)?Depends: ([a-z0-9][^ <]*)$");
  private static final Pattern PACKAGE = Pattern.compile("^([a-z0-9][^ ]*):$");
  private static final Pattern CANDIDATE = Pattern.compile("^ +Candidate: (\\S+)$");

  Apt {
    options = List.copyOf(options);
  }

  /** The suite that the host itself is made of. */
  static Apt ofHost() {
    return new Apt(List.of(), false);
  }

  /**
   * Another suite, such as {@code bullseye} or {@code trixie-backports}; the latter's packages come
   * before those of the suite that it stands on. Its lists are kept in the cache.
   *
   * @throws UnavailableSuiteException if the host's mirror does not give it
   */
  static Apt ofSuite(String suite) {
    return ofSuite(suite, MAIN);
  }

  /**
   * The suite that the host is made of, with {@code contrib}, which few hosts ask for.
   *
   * @throws UnavailableSuiteException if the host's mirror does not give it
   */
  static Apt ofContrib() {
    return ofSuite(ownSuite(), MAIN + " contrib");
  }

  private static Apt ofSuite(String suite, String components) {
    String mirror = mirror();
    List<String> parts =
        components.equals(MAIN) ? List.of(suite, mirror) : List.of(suite, mirror, components);
    try {
      Path root =
          Cache.entry(
              "apt", Cache.key(parts), directory -> prepare(directory, suite, mirror, components));
      return in(root, suite);
    } catch (UncheckedIOException e) {
      throw new UnavailableSuiteException(suite, e);
    }
  }

  private static String ownSuite() {
    try (Stream<String> lines = Files.lines(RELEASE)) {
      return lines
          .filter(line -> line.startsWith(CODENAME))
          .map(line -> line.substring(CODENAME.length()).replace("\"", ""))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException(RELEASE + " names no suite"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String mirror() {
    String format = "$(REPO_URI) $(COMPONENT)";
    for (boolean fresh : new boolean[] {false, true}) {
      if (fresh) {
        ofHost().update();
      }
      var listing =
          HostCommand.run(
              ANYWHERE,
              List.of("apt-get", "indextargets", "--format", format, "Created-By: Packages"));
      var found = listing.lines().filter(line -> line.endsWith("/debian/ main")).findFirst();
      if (found.isPresent()) {
        return found.get().substring(0, found.get().lastIndexOf(' '));
      }
    }
    throw new IllegalStateException("apt has no mirror of Debian's main archive");
  }

  private static void prepare(Path root, String suite, String mirror, String components)
      throws IOException {
    Files.createDirectories(root.resolve("lists/partial"));
    Files.createDirectories(root.resolve("cache/archives/partial"));
    Files.createFile(root.resolve("status"));
    String signed = Files.exists(KEYRING) ? "[signed-by=" + KEYRING + "] " : "";
    String base = suite.replace(BACKPORTS, "");
    var sources = new ArrayList<String>();
    sources.add("deb %s%s %s %s".formatted(signed, mirror, base, components));
    if (!suite.equals(base)) {
      sources.add("deb %s%s %s %s".formatted(signed, mirror, suite, components));
    }
    Files.write(root.resolve("sources.list"), sources);
    in(root, suite).update();
  }

  private static Apt in(Path root, String suite) {
    var options = new ArrayList<String>();
    for (String setting :
        List.of(
            "Dir::Etc::sourcelist=" + root.resolve("sources.list"),
            "Dir::Etc::sourceparts=/dev/null",
            "Dir::Etc::preferences=/dev/null",
            "Dir::Etc::preferencesparts=/dev/null",
            "Dir::State::lists=" + root.resolve("lists"),
            "Dir::State::status=" + root.resolve("status"),
            "Dir::Cache=" + root.resolve("cache"),
            "APT::Architecture=amd64",
            "APT::Default-Release=" + suite,
            "Acquire::Languages=none")) {
      options.addAll(List.of("-o", setting));
    }
    return new Apt(options, true);
  }

  private List<String> command(String program, Collection<String> arguments) {
    var command = new ArrayList<>(List.of(program));
    command.addAll(options);
    command.addAll(arguments);
    return command;
  }

  /** The packages that these depend on, alternatives included. */
  List<String> depends(Collection<String> names) {
    var found = new ArrayList<String>();
    for (String line : cache("depends", names)) {
      var matcher = DEPENDS.matcher(line);
      if (matcher.matches()) {
        found.add(matcher.group(1));
      }
    }
    return found;
  }

  /** Name to version, for those of them that could be downloaded. */
  Map<String, String> candidates(Collection<String> names) {
    var versions = new TreeMap<String, String>();
    String current = "";
    for (String line : cache("policy", names)) {
      var name = PACKAGE.matcher(line);
      var candidate = CANDIDATE.matcher(line);
      if (name.matches()) {
        current = name.group(1);
      } else if (candidate.matches() && !candidate.group(1).equals("(none)")) {
        versions.put(current, candidate.group(1));
      }
    }
    return versions;
  }

  private List<String> cache(String question, Collection<String> names) {
    if (names.isEmpty()) {
      return List.of();
    }
    var arguments = new ArrayList<>(List.of(question));
    arguments.addAll(names);
    return HostCommand.attempt(ANYWHERE, command("apt-cache", arguments)).output().lines().toList();
  }

  /** Downloads {@code name=version} packages into the directory. */
  void download(Path directory, Collection<String> packages) {
    var arguments = new ArrayList<>(List.of("download", "-q"));
    arguments.addAll(packages);
    List<String> command = command("apt-get", arguments);
    if (HostCommand.attempt(directory, command).status() != 0) {
      // The mirror has moved on since the lists were fetched: the file may have another name now.
      update();
      HostCommand.run(directory, command);
    }
  }

  /** Brings the lists up to date. */
  void update() {
    if (!isPrivate && !isRoot()) {
      throw new IllegalStateException(
          "apt's lists are missing or out of date; as root: apt-get update");
    }
    List<String> command = command("apt-get", List.of("update", "-q"));
    Result result = HostCommand.attempt(ANYWHERE, command);
    // apt says 0 also where a list could not be had and an older one, or none, is used instead.
    if (result.status() != 0 || (isPrivate && result.output().contains("\nErr:"))) {
      throw new UncheckedIOException(new IOException("apt-get update: " + result.output().strip()));
    }
  }

  private static boolean isRoot() {
    try {
      return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
