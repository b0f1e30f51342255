package dev.stillpoint.qmp.generator.model;

/**
 * A member of an object, a branch of a union or alternate, or a value of an enumeration.
 *
 * @param name on the wire
 * @param type the name of its type, in brackets for a list of it; empty for a value
 * @param optional whether it may be absent in any version that has it
 */
public record Member(String name, String type, boolean optional, Life life) {
  /** The same with another life. */
  public Member with(Life other) {
    return new Member(name, type, optional, other);
  }

  /** Whether a reader of every version from {@code oldest} on must do without it at times. */
  public boolean mayBeAbsent(Version oldest) {
    return optional
        || life.until() != null
        || !life.condition().isEmpty()
        || (life.since() != null && life.since().compareTo(oldest) > 0);
  }
}
