/** A client of the QEMU guest agent. */
module dev.stillpoint.qga {
  requires transitive dev.stillpoint.qmp;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.common;
  requires io.netty.transport;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.stillpoint.qga;
  exports dev.stillpoint.qga.command;
  exports dev.stillpoint.qga.qapi;

  opens dev.stillpoint.qga to
      com.fasterxml.jackson.databind;
}
