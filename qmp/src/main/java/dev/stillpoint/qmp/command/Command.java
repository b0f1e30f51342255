package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/**
 * A command of a protocol that speaks in lines of JSON. Its record components are the arguments:
 * {@code nodeName} becomes {@code node-name}, and null leaves an argument out.
 *
 * @param <R> what a successful reply holds; {@link Void} where it holds nothing
 */
public interface Command<R> {

  /** The command's name on the wire. */
  String command();

  /** The type that a reply's value is bound to. */
  Type resultType();
}
