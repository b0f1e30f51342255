package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.example.CopyProvider;
import dev.stillpoint.core.spi.SnapshotMethodProvider;
import dev.stillpoint.it.CommandLineProcess;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;

/** A jar of somebody else's is all that it takes to have another method. */
@Timeout(60)
class ThirdPartyMethodTest {
  private static final String PACKAGE = "dev/stillpoint/core/example/";
  private static final List<String> CLASSES =
      List.of("CopyProvider.class", "CopyMethod.class", "CopyCut.class");

  @TempDir private Path home;

  @ParameterizedTest
  @EnumSource(Way.class)
  void itsMethodIsFoundAndCutsADisk(Way way) throws Exception {
    // given
    Path disk = Files.writeString(home.resolve("d.raw"), "0123456789".repeat(100));
    // when
    Run run = snapshot(way, jar(), "--disk", disk + ",method=copy", "--quiesce", "never");
    // then
    assertEquals(0, run.code(), run::err);
    assertEquals(Files.readString(disk), Files.readString(home.resolve("d.raw.nightly")));
    assertTrue(run.out().contains("consistency: crash"), run::out);
  }

  @Test
  void withoutItThereIsNoSuchMethod() throws Exception {
    // given
    Path disk = Files.writeString(home.resolve("d.raw"), "0123456789".repeat(100));
    // when
    Run run =
        snapshot(Way.CLASS_PATH, List.of(), "--disk", disk + ",method=copy", "--quiesce", "never");
    // then
    assertEquals(1, run.code(), run::out);
    assertTrue(run.err().contains("there is no snapshot method 'copy'"), run::err);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void oneThatCannotBeLoadedKeepsNobodyElseFromWorking(Way way) throws Exception {
    // given a jar that names a provider which is not in it
    Path broken = home.resolve("broken.jar");
    try (var jar = new JarOutputStream(Files.newOutputStream(broken))) {
      add(jar, services(), "com.example.Absent".getBytes(StandardCharsets.UTF_8));
    }
    List<Path> both = way == Way.CLASS_PATH ? List.of(broken, jar().get(0)) : jar();
    Path disk = Files.writeString(home.resolve("d.raw"), "0123456789".repeat(100));
    // when
    Run run = snapshot(way, both, "--disk", disk + ",method=copy", "--quiesce", "never");
    // then
    assertEquals(0, run.code(), run::err);
  }

  private Run snapshot(Way way, List<Path> jars, String... arguments) throws Exception {
    var all = new ArrayList<>(List.of("snapshot", "--name", "nightly"));
    all.addAll(List.of(arguments));
    try (var process = CommandLineProcess.startWith(jars, way, home, all.toArray(String[]::new))) {
      return process.ended();
    }
  }

  private static String services() {
    return "META-INF/services/" + SnapshotMethodProvider.class.getName();
  }

  /** One that is a module, and works on the class path as well. */
  private List<Path> jar() throws IOException {
    Path classes = Files.createDirectories(home.resolve("classes"));
    for (String name : CLASSES) {
      Path to = classes.resolve(PACKAGE + name);
      Files.createDirectories(Objects.requireNonNull(to.getParent()));
      Files.write(to, classFile(name));
    }
    Path source = home.resolve("module-info.java");
    Files.writeString(
        source,
        """
        module com.example.copy {
          requires dev.stillpoint.core;
          provides dev.stillpoint.core.spi.SnapshotMethodProvider
              with dev.stillpoint.core.example.CopyProvider;
        }
        """);
    String modules =
        Stream.of(SnapshotMethodProvider.class, Logger.class, NullMarked.class)
            .map(ThirdPartyMethodTest::whence)
            .collect(Collectors.joining(File.pathSeparator));
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "--release",
                "21",
                "-d",
                home.toString(),
                "-p",
                modules,
                "--patch-module",
                "com.example.copy=" + classes,
                source.toString());
    assertEquals(0, code);
    Path jar = home.resolve("third.jar");
    try (var to = new JarOutputStream(Files.newOutputStream(jar))) {
      add(to, "module-info.class", Files.readAllBytes(home.resolve("module-info.class")));
      add(to, services(), CopyProvider.class.getName().getBytes(StandardCharsets.UTF_8));
      for (String name : CLASSES) {
        add(to, PACKAGE + name, classFile(name));
      }
    }
    return List.of(jar);
  }

  private static String whence(Class<?> one) {
    return Path.of(URI.create(one.getProtectionDomain().getCodeSource().getLocation().toString()))
        .toString();
  }

  private static byte[] classFile(String name) throws IOException {
    try (InputStream in = Objects.requireNonNull(CopyProvider.class.getResourceAsStream(name))) {
      return in.readAllBytes();
    }
  }

  private static void add(JarOutputStream jar, String name, byte[] bytes) throws IOException {
    jar.putNextEntry(new JarEntry(name));
    jar.write(bytes);
    jar.closeEntry();
  }
}
