package dev.stillpoint.qmp.generator.java;

/** The text of the table from an event's name to its type. */
final class EventTypesText {
  private final Schema schema;

  EventTypesText(Schema schema) {
    this.schema = schema;
  }

  /** A switch, and no map: a type is loaded when an event of its name is met, and not before. */
  String text() {
    var text =
        new StringBuilder(
            """
            /** The type of what an event carries, by the event's name. */
            @Generated("stillpoint-qmp-generator")
            @SuppressWarnings("deprecation")
            public final class EventTypes {
            private EventTypes() {}

            /** The type for a name; null for an event that is not known here. */
            public static @Nullable Class<? extends EventData> of(String name) {
            return switch (name) {
            """);
    schema
        .model()
        .events()
        .forEach(event ->
            text.append(
                "case \"%s\" -> %s.class;\n"
                    .formatted(event.name(), JavaNames.event(event.name()))));
    return text.append("default -> null;\n};\n}\n}\n").toString();
  }
}
