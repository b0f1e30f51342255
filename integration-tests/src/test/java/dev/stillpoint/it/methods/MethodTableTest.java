package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.core.coordinator.MethodSet;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.Services;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of {@code docs/methods.md} says of each method what its code says. */
class MethodTableTest {
  private static final Path GUIDE = Path.of("..", "docs", "methods.md");
  private static final int CAN = 4;
  private static final int BACKUP = 4;
  private static final int SPACE = 5;

  /** What the table calls each kind of source, in the order in which it names them. */
  private static final Map<Class<? extends DiskSource>, String> KINDS = new LinkedHashMap<>();

  static {
    KINDS.put(DiskSource.File.class, "a file");
    KINDS.put(DiskSource.Device.class, "a device");
    KINDS.put(DiskSource.Internal.class, "a snapshot inside a file");
    KINDS.put(DiskSource.Rbd.class, "an rbd image");
    KINDS.put(DiskSource.Remote.class, "a place elsewhere");
  }

  private static Map<String, List<String>> table() throws IOException {
    Map<String, List<String>> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(GUIDE)) {
      List<String> cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
      if (line.startsWith("| `") && cells.size() > CAN + 2) {
        rows.put(cells.get(1).replace("`", ""), cells.subList(2, cells.size()));
      }
    }
    return rows;
  }

  private static Map<String, MethodTraits> methods() {
    Map<String, MethodTraits> traits = new TreeMap<>();
    var installed = MethodSet.installed(List.of(), Services.none());
    for (String name : installed.names()) {
      traits.put(name, installed.require(name, "any").traits());
    }
    traits.put(QemuOverlays.NAME, QemuOverlays.TRAITS);
    return traits;
  }

  @Test
  void everyMethodHasItsRowAndEveryRowItsMethod() throws IOException {
    assertEquals(new TreeSet<>(methods().keySet()), new TreeSet<>(table().keySet()));
  }

  @Test
  void aRowSaysWhatTheMethodSays() throws IOException {
    Map<String, List<String>> table = table();
    methods()
        .forEach((name, traits) -> {
          List<String> row = table.getOrDefault(name, List.of());
          String instant =
              switch (traits.span()) {
                case GROUP -> "all disks";
                case SHARED -> "those that share a ";
                case DISK -> "each disk by itself";
              };
          assertTrue(row.get(0).startsWith(instant), () -> name + ": " + row.get(0));
          assertEquals(traits.typicalCut().toMillis() + " ms", row.get(1), name);
          assertEquals(
              traits.keepsDisk() ? "keeps its disk" : "writes to a new overlay", row.get(2), name);
          assertEquals(can(traits.abilities()), row.get(3), name);
        });
  }

  @Test
  void whatABackupReadsIsOfTheKindsThatTheMethodTells() throws IOException {
    Map<String, List<String>> table = table();
    methods()
        .forEach((name, traits) -> {
          String[] told = table.getOrDefault(name, List.of()).get(BACKUP).split(": ", 2);
          assertEquals(kinds(traits.backupSources()), told[0], name);
          assertTrue(told.length == 2 && !told[1].isBlank(), () -> name + " says no more");
        });
  }

  @Test
  void spaceIsToldAndAnOverlayOnlyWhereThereIsOne() throws IOException {
    Map<String, List<String>> table = table();
    methods()
        .forEach((name, traits) -> {
          String told = table.getOrDefault(name, List.of()).get(SPACE);
          assertTrue(!told.isBlank(), name);
          assertEquals(!traits.keepsDisk(), told.contains("overlay"), () -> name + ": " + told);
        });
  }

  private static String kinds(Set<Class<? extends DiskSource>> sources) {
    return KINDS.entrySet().stream()
        .filter(kind -> sources.contains(kind.getKey()))
        .map(Map.Entry::getValue)
        .collect(Collectors.joining(", "));
  }

  private static String can(Set<Ability> abilities) {
    return String.join(
        ", ",
        Arrays.stream(Ability.values())
            .map(ability -> abilities.contains(ability) ? "yes" : "no")
            .toList());
  }
}
