package dev.stillpoint.core.disk;

import java.util.List;

/**
 * What lies under a disk, from the top to the bottom.
 *
 * @param disk as the caller named it
 * @param chain the image that is written to, then the image below it, and so on; at least one
 * @param troubles what is broken, in words for a person: with any of these the disk cannot be read
 * @param notes what could not be found out, or must be known to understand the rest
 */
public record Layers(String disk, List<Stack> chain, List<String> troubles, List<String> notes) {

  /** The most images of a chain that are looked at. */
  public static final int MAX_CHAIN = 256;

  /** Copies the lists. */
  public Layers {
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("a disk has at least one image");
    }
    chain = List.copyOf(chain);
    troubles = List.copyOf(troubles);
    notes = List.copyOf(notes);
  }

  /** The image that is written to, with what is under it. */
  public Stack active() {
    return chain.get(0);
  }

  /**
   * One image and where its bytes lie.
   *
   * @param under from the top to the bottom
   */
  public record Stack(Layer.Image image, List<Layer> under) {
    /** Copies the list. */
    public Stack {
      under = List.copyOf(under);
    }
  }
}
