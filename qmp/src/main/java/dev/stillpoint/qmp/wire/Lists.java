package dev.stillpoint.qmp.wire;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The lists of generated records, and their types. */
public final class Lists {
  private Lists() {}

  /**
   * A copy that cannot be changed. All are of one class, however long: the encoder learns each
   * class anew, and must not do so in the hold.
   */
  @SuppressWarnings("NullAway") // a strange peer may leave a list out; that is told by null
  public static <E> List<E> copy(List<E> list) {
    return copyOrNull(list);
  }

  /** The same for a list that may be absent. */
  public static <E> @Nullable List<E> copyOrNull(@Nullable List<E> list) {
    return list == null ? null : Collections.unmodifiableList(new ArrayList<>(list));
  }

  /** The type of a list of these. */
  public static Type typeOf(Class<?> element) {
    return new ListType(element);
  }

  private record ListType(Class<?> element) implements ParameterizedType {
    @Override
    public Type[] getActualTypeArguments() {
      return new Type[] {element};
    }

    @Override
    public Type getRawType() {
      return List.class;
    }

    @Override
    @SuppressWarnings("NullAway") // null is what stands for no owner
    public @Nullable Type getOwnerType() {
      return null;
    }
  }
}
