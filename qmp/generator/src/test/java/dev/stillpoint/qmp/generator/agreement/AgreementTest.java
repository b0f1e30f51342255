package dev.stillpoint.qmp.generator.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.ModelText;
import dev.stillpoint.qmp.generator.model.Version;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A model and an answer that agree, and each way in which they can be made to disagree. */
class AgreementTest {
  private static final String MODEL =
      """
      {'protocol':'qmp','versions':['5.2','7.2']}
      {'command':'do','members':[['a','Thing'],['b?','[int]'],['c?','Word',{'if':'CONFIG_C'}]],'returns':'str'}
      {'command':'do-more','since':'6.0','data':'Kind'}
      {'event':'DONE','members':[['f','Form']]}
      {'struct':'Thing','members':[['x','bool'],['old','str',{'until':'5.2'}]]}
      {'enum':'Word','members':['one','two']}
      {'union':'Kind','common':[['w','Word']],'discriminator':'w','members':[['one','Thing']]}
      {'alternate':'Form','members':[['s','str'],['t','Thing']]}
      """;
  private static final String ANSWER =
      """
      [{'meta-type':'command','name':'do','arg-type':'1','ret-type':'str'},
       {'meta-type':'command','name':'do-more','arg-type':'4','ret-type':'0'},
       {'meta-type':'event','name':'DONE','arg-type':'5'},
       {'meta-type':'object','name':'0','members':[]},
       {'meta-type':'object','name':'1','members':[{'name':'a','type':'2'},{'name':'b','type':'[int]','default':null}]},
       {'meta-type':'object','name':'2','members':[{'name':'x','type':'bool'}]},
       {'meta-type':'enum','name':'3','values':['one','two']},
       {'meta-type':'object','name':'4','tag':'w','members':[{'name':'w','type':'3'}],
        'variants':[{'case':'one','type':'2'},{'case':'two','type':'0'}]},
       {'meta-type':'object','name':'5','members':[{'name':'f','type':'6'}]},
       {'meta-type':'alternate','name':'6','members':[{'type':'str'},{'type':'2'}]},
       {'meta-type':'array','name':'[int]','element-type':'int'},
       {'meta-type':'builtin','name':'int','json-type':'int'},
       {'meta-type':'builtin','name':'str','json-type':'string'},
       {'meta-type':'builtin','name':'bool','json-type':'boolean'}]
      """;

  private static Report check(String model, String version, String answer) {
    try {
      Model known = ModelText.read(model.replace('\'', '"'));
      return Agreement.check(
          known, Version.of(version), new ObjectMapper().readTree(answer.replace('\'', '"')));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> wrong(String from, String to) {
    assertTrue(MODEL.contains(from), from);
    return check(MODEL.replace(from, to), "7.2", ANSWER).disagreements();
  }

  @Test
  void countsWhatAgreesAndTellsWhatABuildLeavesOut() {
    Report report = check(MODEL, "7.2", ANSWER);

    assertEquals(List.of(), report.disagreements());
    assertEquals(2, report.commands());
    assertEquals(1, report.events());
    assertEquals("CONFIG_C", report.leftOut().get("do.c"));
    assertTrue(report.text().contains("not without CONFIG_C: do.c"), report::text);
  }

  @Test
  void seesEachKindOfDisagreement() {
    assertEquals(List.of("do.a2 is not there", "do.a has no model"), wrong("['a','", "['a2','"));
    assertEquals(List.of("do.b is optional"), wrong("['b?'", "['b'"));
    assertEquals(List.of("do.b[] is no str but int"), wrong("'[int]'", "'[str]'"));
    assertEquals(
        List.of("do.c is no list"),
        check(
                MODEL.replace("['c?','Word'", "['c?','[Word]'"),
                "7.2",
                ANSWER.replace(
                    "{'name':'a','type':'2'},",
                    "{'name':'a','type':'2'},{'name':'c','type':'3','default':null},"))
            .disagreements());
    assertEquals(List.of("do.c is not there"), wrong(",{'if':'CONFIG_C'}", ""));
    assertEquals(List.of("do.a.x is no str but bool"), wrong("['x','bool']", "['x','str']"));
    assertEquals(
        List.of("do-more.w:three is not there", "do-more.w:two has no model"),
        wrong("'two'", "'three'"));
    assertEquals(List.of("do-more=one has no model"), wrong("['one','Thing']]", "]"));
    assertEquals(
        List.of("DONE.f=t is not there", "DONE.f=2 has no model"),
        wrong("['t','Thing']", "['t','int']"));
    assertEquals(List.of("DONE2 is not there", "DONE has no model"), wrong("'DONE'", "'DONE2'"));
    assertEquals(
        List.of("do is deprecated"),
        check(
                MODEL,
                "7.2",
                ANSWER.replace("'name':'do',", "'name':'do','features':['deprecated'],"))
            .disagreements());
  }

  @Test
  void looksAtAVersionAsItWasAndAtANewerOneWithoutBlame() {
    assertEquals(
        List.of("do.a.old is not there", "do-more has no model"),
        check(MODEL, "5.2", ANSWER).disagreements());

    Report newer = check(MODEL, "9.0", ANSWER.replace("'name':'x'", "'name':'y'"));
    assertEquals(List.of(), newer.disagreements());
    assertEquals(List.of("do.a.x is not there", "do.a.y has no model"), newer.drift());
  }
}
