package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.qmp.command.QmpSchema;

/** A schema with one of each: what QEMU's own has, in little. */
final class TestSchema {
  /** The answer to {@code query-qmp-schema}. */
  static final String ANSWER =
      """
      [{'meta-type':'command','name':'query-status','arg-type':'0','ret-type':'10'},
       {'meta-type':'command','name':'quit','arg-type':'0','ret-type':'0'},
       {'meta-type':'command','name':'block_resize','arg-type':'1','ret-type':'0'},
       {'meta-type':'command','name':'blockdev-add','arg-type':'2','ret-type':'0'},
       {'meta-type':'command','name':'old','arg-type':'0','ret-type':'[str]',
        'features':['deprecated'],'allow-oob':true},
       {'meta-type':'command','name':'device_add','arg-type':'7','ret-type':'0'},
       {'meta-type':'command','name':'set_password','arg-type':'8','ret-type':'0'},
       {'meta-type':'command','name':'human-monitor-command','arg-type':'11','ret-type':'str'},
       {'meta-type':'command','name':'qom-set','arg-type':'12','ret-type':'0'},
       {'meta-type':'event','name':'STOP','arg-type':'0'},
       {'meta-type':'event','name':'SHUTDOWN','arg-type':'13'},
       {'meta-type':'object','name':'0','members':[]},
       {'meta-type':'object','name':'1','members':[{'name':'device','type':'str','default':null},
        {'name':'node-name','type':'str','default':null},{'name':'size','type':'int'}]},
       {'meta-type':'object','name':'2','tag':'driver','members':[{'name':'driver','type':'3'},
        {'name':'read-only','type':'bool','default':null},
        {'name':'ratio','type':'number','default':null},
        {'name':'old','type':'str','default':null,'features':['deprecated']}],
        'variants':[{'case':'file','type':'4'},{'case':'qcow2','type':'5'},{'case':'null','type':'0'}]},
       {'meta-type':'enum','name':'3','values':['file','qcow2','null']},
       {'meta-type':'object','name':'4','members':[{'name':'filename','type':'str'},
        {'name':'size','type':'int','default':null}]},
       {'meta-type':'object','name':'5','members':[{'name':'file','type':'6'},
        {'name':'size','type':'str','default':null},
        {'name':'backing','type':'14','default':null},
        {'name':'hints','type':'[9]','default':null},{'name':'numbers','type':'[int]','default':null}]},
       {'meta-type':'alternate','name':'6','members':[{'type':'2'},{'type':'str'}]},
       {'meta-type':'alternate','name':'14','members':[{'type':'2'},{'type':'str'},{'type':'null'}]},
       {'meta-type':'object','name':'7','members':[{'name':'driver','type':'str'},
        {'name':'id','type':'str','default':null}]},
       {'meta-type':'object','name':'8','members':[{'name':'protocol','type':'15'},
        {'name':'password','type':'str'}]},
       {'meta-type':'enum','name':'15','members':[{'name':'vnc'},
        {'name':'spice','features':['unstable']}],'values':['vnc','spice']},
       {'meta-type':'object','name':'9','members':[{'name':'hint','type':'str'},
        {'name':'level','type':'int','default':null}]},
       {'meta-type':'object','name':'10','members':[{'name':'running','type':'bool'}]},
       {'meta-type':'object','name':'11','members':[{'name':'command-line','type':'str'}]},
       {'meta-type':'object','name':'12','members':[{'name':'path','type':'str'},
        {'name':'property','type':'str'},{'name':'value','type':'any'}]},
       {'meta-type':'object','name':'13','members':[{'name':'guest','type':'bool'}]},
       {'meta-type':'array','name':'[9]','element-type':'9'},
       {'meta-type':'array','name':'[int]','element-type':'int'},
       {'meta-type':'array','name':'[str]','element-type':'str'},
       {'meta-type':'builtin','name':'str','json-type':'string'},
       {'meta-type':'builtin','name':'bool','json-type':'boolean'},
       {'meta-type':'builtin','name':'number','json-type':'number'},
       {'meta-type':'builtin','name':'null','json-type':'null'},
       {'meta-type':'builtin','name':'any','json-type':'value'},
       {'meta-type':'builtin','name':'int','json-type':'int'}]
      """
          .replace("\n", " ");

  private TestSchema() {}

  static QmpSchema read() {
    try {
      return new QmpSchema(new ObjectMapper().readTree(ANSWER.replace('\'', '"')));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
