package dev.stillpoint.testkit.proxy;

import java.util.function.Predicate;

/**
 * A moment in the traffic through a proxy, in the protocol's words. Counting starts when the moment
 * is armed and goes over all connections of the proxy.
 *
 * @param kind what passes
 * @param name the command's or the event's name; empty for any
 * @param condition what the whole line, in Latin-1, must satisfy besides
 * @param number which of those that match, from 1; {@link #EVERY} for each of them
 */
public record Moment(Kind kind, String name, Predicate<String> condition, int number) {
  /** The number of a moment that comes again and again. */
  public static final int EVERY = 0;

  public Moment {
    if (number < EVERY) {
      throw new IllegalArgumentException("moments are counted from 1: " + number);
    }
  }

  private static Moment first(Kind kind, String name) {
    return new Moment(kind, name, line -> true, 1);
  }

  /** The next client has connected, and nothing has passed yet. */
  public static Moment connected() {
    return first(Kind.CONNECTED, "");
  }

  /** The next request for this command. */
  public static Moment request(String command) {
    return first(Kind.REQUEST, command);
  }

  /** The next request for whatever command. */
  public static Moment anyRequest() {
    return first(Kind.REQUEST, "");
  }

  /** The next answer, a result or an error, to a request for this command. */
  public static Moment replyTo(String command) {
    return first(Kind.REPLY, command);
  }

  /** The next answer to whatever request. */
  public static Moment anyReply() {
    return first(Kind.REPLY, "");
  }

  /** The next event of this name. */
  public static Moment event(String name) {
    return first(Kind.EVENT, name);
  }

  /** The same, counting only lines that satisfy this; each byte is a character of Latin-1. */
  public Moment where(Predicate<String> line) {
    return new Moment(kind, name, condition.and(line), number);
  }

  /** The n-th of them instead of the next, counted from 1. */
  public Moment number(int n) {
    if (n < 1) {
      throw new IllegalArgumentException("moments are counted from 1: " + n);
    }
    return new Moment(kind, name, condition, n);
  }

  /** Each of them instead of the next. */
  public Moment everyTime() {
    return new Moment(kind, name, condition, EVERY);
  }

  boolean matches(Message message) {
    return kind == message.kind()
        && (name.isEmpty() || name.equals(message.name()))
        && condition.test(message.text());
  }

  /** What passes through a proxy. */
  public enum Kind {
    /** A client has come. */
    CONNECTED,
    /** A line of the client with a command in it. */
    REQUEST,
    /** A line of the server with a result or an error. */
    REPLY,
    /** A line of the server with an event. */
    EVENT,
    /** Anything else: a greeting, garbage, a line without its end. */
    OTHER
  }
}
