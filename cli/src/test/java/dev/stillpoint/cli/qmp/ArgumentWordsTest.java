package dev.stillpoint.cli.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The running QEMU's schema says what a text is. */
class ArgumentWordsTest {
  private final ArgumentWords arguments = new ArgumentWords(TestSchema.read());

  private String parse(String line) {
    List<String> words = ShellWords.texts(line);
    var command = arguments.command(words.get(0));
    return arguments.parse(command, words.subList(1, words.size())).toString().replace('"', '\'');
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "query-status|{}",
        "block_resize device=1 size=1073741824|{'device':'1','size':1073741824}",
        "block_resize device=true size=0x10|{'device':'true','size':16}",
        "block_resize size=18446744073709551615|{'size':18446744073709551615}",
        "block_resize size=-9223372036854775808|{'size':-9223372036854775808}",
        "block_resize size:=5 device:=\"d\"|{'size':5,'device':'d'}",
        "block_resize {\"size\": 5}|{'size':5}",
        "block_resize device= size=1|{'device':'','size':1}",
        "block_resize device==a size=1|{'device':'=a','size':1}",
        "blockdev-add driver=file filename=5 size=7|{'driver':'file','filename':'5','size':7}",
        "blockdev-add size=7 file=n driver=qcow2|{'size':'7','file':'n','driver':'qcow2'}",
        "blockdev-add driver=null ratio=1.5 read-only=true|{'driver':'null','ratio':1.5,'read-only':true}",
        "blockdev-add driver=qcow2 file=node|{'driver':'qcow2','file':'node'}",
        "blockdev-add driver=qcow2 file.driver=file file.filename=/f|{'driver':'qcow2','file':{'driver':'file','filename':'/f'}}",
        "blockdev-add driver=qcow2 file={\"driver\":\"null\"}|{'driver':'qcow2','file':{'driver':'null'}}",
        "blockdev-add driver=qcow2 file='{broken'|{'driver':'qcow2','file':'{broken'}",
        "blockdev-add driver=qcow2 file=n backing:=null|{'driver':'qcow2','file':'n','backing':null}",
        "blockdev-add driver=qcow2 file=n backing=null|{'driver':'qcow2','file':'n','backing':'null'}",
        "blockdev-add driver=qcow2 file=n hints.0.hint=a hints.1.hint=b hints.0.level=2|{'driver':'qcow2','file':'n','hints':[{'hint':'a','level':2},{'hint':'b'}]}",
        "blockdev-add driver=qcow2 file=n numbers=[1,2]|{'driver':'qcow2','file':'n','numbers':[1,2]}",
        "blockdev-add driver=qcow2 file=n numbers.1=2 numbers.0=1|{'driver':'qcow2','file':'n','numbers':[1,2]}",
        "device_add driver=x drive=n addr=5 multi=true|{'driver':'x','drive':'n','addr':5,'multi':true}",
        "qom-set path=/ property=p value=12|{'path':'/','property':'p','value':12}",
        "qom-set path=/ property=p value=twelve|{'path':'/','property':'p','value':'twelve'}",
        "qom-set path=/ property=p value.a=1|{'path':'/','property':'p','value':{'a':1}}",
      })
  void wordsBecomeWhatQemuTakes(String line, String json) {
    assertEquals(json, parse(line));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "absent|no command 'absent'",
        "query-status a=1|takes no arguments",
        "block_resize|needs size",
        "block_resize size=1 nod=1|'nod' there, but device, node-name, size",
        "block_resize size=hush|'size' must be a whole number",
        "block_resize size=01|'size' must be a whole number",
        "block_resize size=18446744073709551616|'size' must be a whole number",
        "block_resize size=1.5|'size' must be a whole number",
        "block_resize size=1 size=2|'size' is given twice",
        "block_resize size=1 size.a=2|'size.a' is given twice",
        "block_resize size.a=2|'size' is a whole number and has no members",
        "block_resize hush|key=value",
        "block_resize =hush|key=value",
        "block_resize a..b=hush|a dot too many",
        "block_resize size:=hush|no JSON",
        "block_resize {\"size\":1,\"size\":2}|no JSON object",
        "block_resize {\"size\":1} device=hush|key=value",
        "block_resize {\"siz\":1}|'siz'",
        "blockdev-add driver=hush|file|qcow2|null",
        "blockdev-add driver=file driver2=1 filename=x|'driver2'",
        "blockdev-add {\"driver\":\"hush\"}|does not know the value of 'driver'",
        "blockdev-add driver=qcow2 file.filename=x|needs file.driver",
        "blockdev-add driver=null read-only=yes|true or false",
        "blockdev-add driver=null ratio=hush|a number",
        "blockdev-add driver=null file=x|'file'",
        "blockdev-add driver=qcow2 file=n hints=hush|a list",
        "blockdev-add driver=qcow2 file=n hints.1.hint=x|no element 0",
        "blockdev-add driver=qcow2 file=n hints.0.nix=x|'hints.0.nix'",
      })
  void whatThisQemuDoesNotTakeIsSaidWithoutAValue(String line, String said) {
    // when
    Mistake mistake = assertThrows(Mistake.class, () -> parse(line));
    // then
    String message = String.valueOf(mistake.getMessage());
    assertTrue(message.contains(said), message);
    assertFalse(message.contains("hush"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hush", "=1", "a:=", "a:=[", "a:={} {}"})
  void aFormThatIsNoneIsSeenWithoutAnySchema(String word) {
    assertThrows(Mistake.class, () -> ArgumentWords.check(List.of(word)));
  }
}
