package dev.stillpoint.qmp;

/** An answer to {@code query-qmp-schema} with little in it, of the shapes that QEMU uses. */
public final class SmallSchema {
  /** In single quotes. */
  public static final String ANSWER =
      """
      [{'meta-type':'command','name':'blockdev-add','arg-type':'1','ret-type':'0'},
       {'meta-type':'command','name':'query-status','arg-type':'0','ret-type':'0'},
       {'meta-type':'command','name':'block-commit','arg-type':'9','ret-type':'0',
        'features':['deprecated']},
       {'meta-type':'command','name':'query-qmp-schema','arg-type':'0','ret-type':'[0]'},
       {'meta-type':'command','name':'device_add','arg-type':'10','ret-type':'0'},
       {'meta-type':'object','name':'10','members':[{'name':'driver','type':'str'}]},
       {'meta-type':'event','name':'STOP','arg-type':'0'},
       {'meta-type':'object','name':'0','members':[]},
       {'meta-type':'object','name':'1','tag':'driver',
        'members':[{'name':'driver','type':'2'},{'name':'node-name','type':'str','default':null}],
        'variants':[{'case':'file','type':'3'},{'case':'qcow2','type':'4'}]},
       {'meta-type':'enum','name':'2','values':['file','qcow2'],
        'members':[{'name':'file'},{'name':'qcow2'}]},
       {'meta-type':'object','name':'3','members':[{'name':'filename','type':'str'}]},
       {'meta-type':'object','name':'4','members':[{'name':'file','type':'5'},
        {'name':'hints','type':'[6]','default':null}]},
       {'meta-type':'alternate','name':'5','members':[{'type':'1'},{'type':'str'}]},
       {'meta-type':'array','name':'[6]','element-type':'6'},
       {'meta-type':'object','name':'6','members':[{'name':'hint','type':'int'}]},
       {'meta-type':'object','name':'9','members':[{'name':'device','type':'str'},
        {'name':'base','type':'str','default':null,'features':['deprecated']}]},
       {'meta-type':'builtin','name':'str','json-type':'string'},
       {'meta-type':'builtin','name':'int','json-type':'int'}]
      """
          .replace("\n", " ");

  private SmallSchema() {}
}
