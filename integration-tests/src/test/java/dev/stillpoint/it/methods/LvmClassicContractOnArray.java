package dev.stillpoint.it.methods;

/**
 * The whole contract over classic snapshots takes as long as that over thin ones; what differs is
 * in {@link LvmClassicTest}.
 */
class LvmClassicContractOnArray extends LvmContract {
  @Override
  boolean isThin() {
    return false;
  }
}
