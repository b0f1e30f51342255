package dev.stillpoint.core.transaction;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ExplorationTest {
  @Test
  void everyWorldKeepsThePromises() {
    Explorer.Visit visit = new Explorer(TransactionMachine::next).exploreAll();
    System.out.println(visit.worlds() + " worlds, " + visit.transitions().size() + " transitions");
    assertTrue(visit.worlds() > 1000);
  }
}
