package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.stillpoint.core.disk.SelectedDisk;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;

/** Any name and any path can be said, however many commas they hold. */
class DiskTextProperties {
  @Property
  void whateverIsWrittenWithDoubledCommasIsReadBack(
      @ForAll @Chars({',', '=', '.', ' '}) @CharRange(from = 'a', to = 'd') @StringLength(min = 1)
          String name,
      @ForAll @Chars({',', '=', '.'}) @CharRange(from = 'a', to = 'd') @StringLength(min = 1)
          String path) {
    // given
    String text = name.replace(",", ",,") + ",overlay=/" + path.replace(",", ",,");
    // when
    SelectedDisk disk = new DiskText().convert(text);
    // then
    assertEquals(SelectedDisk.named(name).withOverlay(Path.of("/" + path)), disk);
  }
}
