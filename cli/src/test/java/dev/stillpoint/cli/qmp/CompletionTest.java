package dev.stillpoint.cli.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.jline.reader.Parser;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can stand at the end of a line, as the schema knows it. */
class CompletionTest {
  private final Completion completion = new Completion(TestSchema.read());

  private List<Completion.Suggestion> at(String line) {
    var parsed = new ShellParser().parse(line, line.length(), Parser.ParseContext.COMPLETE);
    return completion.of(parsed.words().subList(0, parsed.wordIndex()), parsed.word());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "block|block_resize,blockdev-add",
        "he|help",
        "e|events,exit",
        "block_resize |device=,node-name=,size=",
        "block_resize device=x |node-name=,size=",
        "block_resize {\"a\": 1} n|node-name=",
        "block_resize si|size=",
        "blockdev-add d|driver=",
        "blockdev-add driver=|driver=file,driver=qcow2,driver=null",
        "blockdev-add driver=f|driver=file",
        "blockdev-add read-only=|read-only=true,read-only=false",
        "blockdev-add driver=file f|filename=",
        "blockdev-add driver=qcow2 f|file.,file=",
        "blockdev-add driver=qcow2 file.|file.driver=,file.read-only=,file.ratio=,file.old=",
        "blockdev-add driver=qcow2 file.driver=file file.f|file.filename=",
        "blockdev-add driver=qcow2 hints.|hints.0.",
        "blockdev-add driver=qcow2 h|hints.0.",
        "blockdev-add driver=qcow2 hints.0.hint=x h|hints.1.",
        "blockdev-add driver=qcow2 hints.0.|hints.0.hint=,hints.0.level=",
        "blockdev-add driver=qcow2 n|numbers.0=",
        "set_password protocol=|protocol=vnc,protocol=spice",
        "help STO|STOP",
        "help block_resize r|returns",
        "help blockdev-add driver=q|driver=qcow2",
        "events o|on,off",
        "quit |",
        "nix a|",
        "block_resize device=|",
      })
  void aLineGoesOn(String line, @Nullable String words) {
    // when
    List<String> found = at(line).stream().map(Completion.Suggestion::text).sorted().toList();
    // then
    List<String> wanted =
        words == null ? List.of() : Stream.of(words.split(",", -1)).sorted().toList();
    assertEquals(wanted, found);
  }

  @Test
  void anArgumentIsWrittenOnAndAWordIsWhole() {
    assertEquals(
        List.of(new Completion.Suggestion("size=", "needed", false)), at("block_resize s"));
    assertEquals(
        List.of(new Completion.Suggestion("protocol=spice", "unstable", true)),
        at("set_password protocol=s"));
    assertEquals(
        List.of(new Completion.Suggestion("old=", "optional, deprecated", false)),
        at("blockdev-add o"));
  }

  @Test
  void whatIsDeprecatedIsMarked() {
    assertTrue(at("ol").contains(new Completion.Suggestion("old", "deprecated", true)));
  }
}
