package dev.stillpoint.it;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Two pillars and a roof: who may know whom. */
@AnalyzeClasses(packages = "dev.stillpoint", importOptions = ImportOption.DoNotIncludeTests.class)
class PillarsTest {
  @ArchTest
  static final ArchRule THE_CORE_KNOWS_NOBODY =
      noClasses()
          .that()
          .resideInAPackage("..stillpoint.core..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..stillpoint.qmp..",
              "..stillpoint.qga..",
              "..stillpoint.backends..",
              "..stillpoint.cli..");

  @ArchTest
  static final ArchRule OVERLAYS_STAND_ON_FLOORS =
      slices().matching("dev.stillpoint.backends.qemu.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_FLOORS_OF_OVERLAYS_DO_NOT_KNOW_THE_METHODS_ON_THEM =
      noClasses()
          .that()
          .resideInAPackage("dev.stillpoint.backends.qemu.(*)..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.stillpoint.backends.qemu");

  @ArchTest
  static final ArchRule THE_MONITORS_CLIENT_STANDS_ALONE =
      noClasses()
          .that()
          .resideInAPackage("..stillpoint.qmp..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..stillpoint.core..",
              "..stillpoint.qga..",
              "..stillpoint.backends..",
              "..stillpoint.cli..");

  @ArchTest
  static final ArchRule THE_AGENTS_CLIENT_STANDS_ON_THAT_ALONE =
      noClasses()
          .that()
          .resideInAPackage("..stillpoint.qga..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..stillpoint.core..", "..stillpoint.backends..", "..stillpoint.cli..");

  @ArchTest
  static final ArchRule NOBODY_KNOWS_THE_COMMAND_LINE =
      noClasses()
          .that()
          .resideOutsideOfPackages("..stillpoint.cli..", "..stillpoint.it..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..stillpoint.cli..");

  /** It has to start fast and stay small, and to live where little else does. */
  @ArchTest
  static final ArchRule THE_GUARD_IS_SMALL =
      classes()
          .that()
          .haveNameMatching(
              "dev.stillpoint.backends.guard.(ControlLine|Guard(Process|Watch|Door|State|Locks)"
                  + "|Guarded(Line|Agent|Monitor)|MachineDebt|Order|Words)")
          .or()
          .haveFullyQualifiedName("dev.stillpoint.backends.journal.GuardNote")
          .or()
          .haveFullyQualifiedName("dev.stillpoint.backends.journal.CheckedLine")
          .or()
          .resideInAPackage("..backends.process..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.newsclub.net.unix..",
              "org.jspecify..",
              "dev.stillpoint.backends.guard..",
              "dev.stillpoint.backends.journal..",
              "dev.stillpoint.backends.process..");

  @ArchTest
  static final ArchRule BACKENDS_STAND_ON_FLOORS =
      slices().matching("dev.stillpoint.backends.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_MONITORS_CLIENT_STANDS_ON_FLOORS =
      slices().matching("dev.stillpoint.qmp.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_TEST_KIT_KNOWS_THE_PRODUCT_ONLY_IN_ITS_DEMO =
      noClasses()
          .that()
          .resideInAPackage("..stillpoint.testkit..")
          .and()
          .resideOutsideOfPackage("..testkit.demo..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..stillpoint.core..",
              "..stillpoint.qmp..",
              "..stillpoint.qga..",
              "..stillpoint.backends..",
              "..stillpoint.cli..");
}
