package dev.stillpoint.qmp.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads integers of 64 bits with or without a sign: what is larger than any {@code long} keeps its
 * bits. QEMU reads the negative number that this becomes as what it was.
 */
final class LenientLongs extends StdScalarDeserializer<Long> {
  private static final long serialVersionUID = 1L;

  /** For {@code long}, where there is no null. */
  private final boolean primitive;

  private LenientLongs(Class<Long> type, boolean primitive) {
    super(type);
    this.primitive = primitive;
  }

  static SimpleModule module() {
    return new SimpleModule("unsigned")
        .addDeserializer(Long.class, new LenientLongs(Long.class, false))
        .addDeserializer(Long.TYPE, new LenientLongs(Long.TYPE, true));
  }

  @Override
  public Long deserialize(JsonParser parser, DeserializationContext context) throws IOException {
    return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
        ? parser.getBigIntegerValue().longValue()
        : _parseLongPrimitive(parser, context);
  }

  @Override
  @SuppressWarnings("NullAway") // Jackson's own word for a member that is absent
  public @Nullable Long getNullValue(DeserializationContext context) {
    return primitive ? 0L : null;
  }
}
