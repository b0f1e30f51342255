package dev.stillpoint.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The floors of the core, and what must never enter it. */
@AnalyzeClasses(
    packages = "dev.stillpoint.core",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule PURE =
      classes()
          .that()
          .resideOutsideOfPackage("..core.disk.xml..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("java..", "org.slf4j..", "org.jspecify..", "dev.stillpoint.core..");

  /** The one place that reads XML, with the JDK's own parser. */
  @ArchTest
  static final ArchRule XML_IS_READ_BY_THE_JDK =
      classes()
          .that()
          .resideInAPackage("..core.disk.xml..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "javax.xml..",
              "org.xml.sax..",
              "org.jspecify..",
              "dev.stillpoint.core.disk..");

  @ArchTest
  static final ArchRule DISKS_KNOW_NO_XML =
      noClasses()
          .that()
          .resideInAPackage("..core.disk")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..core.disk.xml..");

  @ArchTest
  static final ArchRule NO_IO =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.net..", "java.nio.channels..");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("dev.stillpoint.core.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule FLOORS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("disk")
          .definedBy("..core.disk..")
          .layer("snapshot")
          .definedBy("..core.snapshot..")
          .layer("spi")
          .definedBy("..core.spi..")
          .layer("transaction")
          .definedBy("..core.transaction..")
          .layer("coordinator")
          .definedBy("..core.coordinator..")
          .whereLayer("coordinator")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("transaction")
          .mayOnlyBeAccessedByLayers("coordinator")
          .whereLayer("spi")
          .mayOnlyBeAccessedByLayers("transaction", "coordinator")
          .whereLayer("snapshot")
          .mayOnlyBeAccessedByLayers("spi", "transaction", "coordinator");

  @ArchTest
  static final ArchRule THE_MACHINE_KNOWS_NO_TIME_AND_NO_FUTURES =
      noClasses()
          .that()
          .haveNameMatching(".*\\.(TransactionMachine|Ways)")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.time..", "java.util.concurrent..", "java.io..", "org.slf4j..");
}
