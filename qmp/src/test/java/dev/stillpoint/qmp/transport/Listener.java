package dev.stillpoint.qmp.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what a channel delivers: the bytes, the events, the errors, and the end. */
final class Listener extends ChannelInboundHandlerAdapter {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final List<Object> events = new CopyOnWriteArrayList<>();
  private final List<Throwable> errors = new CopyOnWriteArrayList<>();

  /** Completed by {@code channelInactive} with all bytes that came before it. */
  private final CompletableFuture<byte[]> end = new CompletableFuture<>();

  CompletableFuture<byte[]> end() {
    return end;
  }

  synchronized byte[] received() {
    return bytes.toByteArray();
  }

  synchronized int count() {
    return bytes.size();
  }

  List<Object> events() {
    return events;
  }

  List<Throwable> errors() {
    return errors;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf buffer = (ByteBuf) message;
    byte[] read = new byte[buffer.readableBytes()];
    buffer.readBytes(read);
    buffer.release();
    synchronized (this) {
      bytes.writeBytes(read);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    events.add(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    errors.add(cause);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end.complete(received());
  }
}
