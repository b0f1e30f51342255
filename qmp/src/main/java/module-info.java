/** A client of the QEMU Machine Protocol, usable alone. */
@SuppressWarnings("module") // the qualified exports name a module that is compiled later
module dev.stillpoint.qmp {
  requires transitive com.fasterxml.jackson.databind;
  requires com.kohlschutter.junixsocket.nativecommon;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires org.newsclub.net.unix;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.stillpoint.qmp;
  exports dev.stillpoint.qmp.command;
  exports dev.stillpoint.qmp.endpoint;
  exports dev.stillpoint.qmp.error;
  exports dev.stillpoint.qmp.job;
  exports dev.stillpoint.qmp.qapi;
  exports dev.stillpoint.qmp.schema;
  exports dev.stillpoint.qmp.secret;
  exports dev.stillpoint.qmp.transport to
      dev.stillpoint.qga;
  exports dev.stillpoint.qmp.wire to
      dev.stillpoint.qga;
  exports dev.stillpoint.qmp.wirelog;

  opens dev.stillpoint.qmp to
      com.fasterxml.jackson.databind;
}
