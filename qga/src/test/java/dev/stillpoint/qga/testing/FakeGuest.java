package dev.stillpoint.qga.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qga.testing.FakeFileSystem.Freezing;
import dev.stillpoint.qmp.wire.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The guest behind a {@link FakeAgent}: what is mounted in it, what is frozen, and what its agent
 * knows and believes. A freeze changes a set of names here and nothing else. From any thread.
 */
public final class FakeGuest {
  private static final List<String> COMMANDS =
      List.of(
          "guest-sync-delimited",
          "guest-sync",
          "guest-ping",
          "guest-info",
          "guest-get-osinfo",
          "guest-get-fsinfo",
          "guest-get-disks",
          "guest-fsfreeze-status",
          "guest-fsfreeze-freeze",
          "guest-fsfreeze-freeze-list",
          "guest-fsfreeze-thaw");
  private static final Set<String> ALLOWED_WHILE_FROZEN =
      Set.of(
          "guest-sync-delimited",
          "guest-sync",
          "guest-ping",
          "guest-info",
          "guest-fsfreeze-status",
          "guest-fsfreeze-thaw");

  private final Map<String, Deque<String>> refusals = new HashMap<>();
  private final Map<String, Function<JsonNode, JsonNode>> answers = new HashMap<>();
  private final Set<String> commands = new LinkedHashSet<>(COMMANDS);
  private final Set<String> disabled = new LinkedHashSet<>();
  private final Set<String> frozen = new LinkedHashSet<>();
  private final Deque<String> thawHookFailures = new ArrayDeque<>();
  private List<FakeFileSystem> fileSystems = plain(FakeAgent.FILE_SYSTEMS);
  private List<FakeBlockDevice> blockDevices = List.of();
  private String version = "7.2.22";
  private boolean windows;
  private boolean writersExpired;
  private boolean believesFrozen;
  private int freezes;
  private int thaws;
  private int freezeHooks;
  private int thawHooks;

  FakeGuest() {}

  private static List<FakeFileSystem> plain(int count) {
    var all = new ArrayList<FakeFileSystem>();
    for (int i = 0; i < count; i++) {
      FakeDisk disk = FakeDisk.serial("disk" + i);
      all.add(FakeFileSystem.of("vd" + (char) ('a' + i), "/mnt/" + i, "ext4", disk));
    }
    return List.copyOf(all);
  }

  /** So many ext4 file systems, {@code /mnt/0} on a disk with serial {@code disk0} and so on. */
  public synchronized FakeGuest mounts(int count) {
    fileSystems = plain(count);
    return this;
  }

  /** What is mounted, in mount order; none is a guest whose freeze freezes nothing. */
  public synchronized FakeGuest mounts(List<FakeFileSystem> mounted) {
    fileSystems = List.copyOf(mounted);
    return this;
  }

  /** What {@code guest-get-disks} tells; nothing if not told otherwise. */
  public synchronized FakeGuest disks(List<FakeBlockDevice> devices) {
    blockDevices = List.copyOf(devices);
    return this;
  }

  /** The agent's version, and with it the words in which it refuses; {@code 7.2.22} at first. */
  public synchronized FakeGuest version(String text) {
    version = text;
    return this;
  }

  /** The agent knows these commands no longer, as one that is too old does. */
  public synchronized FakeGuest lacks(String... unknown) {
    commands.removeAll(List.of(unknown));
    return this;
  }

  /** Its configuration forbids these commands; {@code guest-info} tells that. */
  public synchronized FakeGuest disables(String... forbidden) {
    disabled.addAll(List.of(forbidden));
    return this;
  }

  /**
   * It knows a command, and answers it with what a function makes of the arguments, on the thread
   * of the fake; a function that throws an {@link IllegalStateException} refuses with its message.
   */
  public synchronized FakeGuest answers(String command, Function<JsonNode, JsonNode> function) {
    commands.add(command);
    answers.put(command, function);
    return this;
  }

  /**
   * Makes it Windows: volumes in place of mounts, and a freeze that VSS holds for a limited time.
   */
  public synchronized FakeGuest windows() {
    windows = true;
    version = "9.2.0";
    fileSystems =
        List.of(
            FakeFileSystem.of("\\\\?\\Volume{1}\\", "C:\\", "NTFS", FakeDisk.serial("disk0")),
            FakeFileSystem.of("\\\\?\\Volume{2}\\", "D:\\", "NTFS", FakeDisk.serial("disk1")));
    return this;
  }

  /**
   * VSS lets the writers go, as it does after 10 s: the guest writes again, status still says
   * frozen, and only the thaw tells it, by its error.
   */
  public synchronized void expireWriters() {
    if (!windows) {
      throw new IllegalStateException("only Windows has writers that expire");
    }
    writersExpired = believesFrozen;
    frozen.clear();
  }

  /** The next such command does nothing and fails with a {@code GenericError}. */
  public synchronized FakeGuest refuses(String command, String description) {
    refusals.computeIfAbsent(command, name -> new ArrayDeque<>()).add(description);
    return this;
  }

  /** The hook of the next freeze fails: an error, and nothing is frozen. */
  public FakeGuest failsFreezeHook() {
    String text = "fsfreeze hook has failed with status 1";
    return refuses("guest-fsfreeze-freeze", text).refuses("guest-fsfreeze-freeze-list", text);
  }

  /** The hook of the next thaw fails: an error, although all is thawed. */
  public synchronized FakeGuest failsThawHook() {
    thawHookFailures.add("fsfreeze hook has failed with status 1");
    return this;
  }

  /** Something in the guest thaws one mount point behind the agent's back. */
  public synchronized void thawsByItself(String mountpoint) {
    if (!frozen.remove(mountpoint)) {
      throw new IllegalStateException(mountpoint + " is not frozen");
    }
  }

  /** Another agent takes over; without the state file it believes that the guest is thawed. */
  synchronized void newAgent(boolean stateFile) {
    believesFrozen = stateFile && believesFrozen;
  }

  /** Whether any file system is frozen in truth. */
  public synchronized boolean isFrozen() {
    return !frozen.isEmpty();
  }

  /** The mount points that are frozen in truth. */
  public synchronized List<String> frozen() {
    return List.copyOf(frozen);
  }

  /** How often a freeze ran with success, one that froze nothing included. */
  public synchronized int freezes() {
    return freezes;
  }

  /** How often a thaw thawed what there was, one whose hook failed included. */
  public synchronized int thaws() {
    return thaws;
  }

  /**
   * Freeze hooks that no thaw hook followed: what a database in the guest would still wait for. A
   * freeze that froze nothing leaves one too.
   */
  public synchronized int hooksOwed() {
    return freezeHooks - thawHooks;
  }

  synchronized ObjectNode answer(String command, JsonNode arguments) {
    Deque<String> planned = refusals.get(command);
    String refusal = planned == null ? null : planned.poll();
    if (refusal != null) {
      return error("GenericError", refusal);
    }
    if (!commands.contains(command)) {
      return error("CommandNotFound", "The command " + command + " has not been found");
    }
    if (disabled.contains(command)) {
      return error("CommandNotFound", disabledText(command, "the command is not allowed"));
    }
    if (believesFrozen && !ALLOWED_WHILE_FROZEN.contains(command)) {
      String why = major() >= 9 ? "the command is not allowed" : "the agent is in frozen state";
      return error("CommandNotFound", disabledText(command, why));
    }
    try {
      return Json.object().set("return", value(command, arguments));
    } catch (IllegalStateException e) {
      return error("GenericError", String.valueOf(e.getMessage()));
    }
  }

  private int major() {
    return Integer.parseInt(version.substring(0, version.indexOf('.')));
  }

  private String disabledText(String command, String why) {
    return major() < 6
        ? "The command " + command + " has been disabled for this instance"
        : "Command " + command + " has been disabled: " + why;
  }

  private JsonNode value(String command, JsonNode arguments) {
    Function<JsonNode, JsonNode> function = answers.get(command);
    if (function != null) {
      return function.apply(arguments);
    }
    ObjectNode box = Json.object();
    switch (command) {
      case "guest-sync-delimited", "guest-sync" -> box.set("value", arguments.path("id"));
      case "guest-info" -> box.set("value", info());
      case "guest-get-osinfo" -> box.set("value", osInfo());
      case "guest-get-fsinfo" -> {
        var all = box.putArray("value");
        fileSystems.forEach(one -> all.add(one.json()));
      }
      case "guest-get-disks" -> {
        var all = box.putArray("value");
        blockDevices.forEach(one -> all.add(one.json()));
      }
      case "guest-fsfreeze-status" -> box.put("value", believesFrozen ? "frozen" : "thawed");
      case "guest-fsfreeze-freeze" -> box.put("value", freeze(null));
      case "guest-fsfreeze-freeze-list" -> box.put("value", freeze(arguments.get("mountpoints")));
      case "guest-fsfreeze-thaw" -> box.put("value", thaw());
      default -> box.putObject("value");
    }
    return box.path("value");
  }

  /** In reverse mount order; names that are not mounted are passed over, as the agent does. */
  private int freeze(@Nullable JsonNode list) {
    Set<String> wanted = new LinkedHashSet<>();
    if (list != null) {
      list.forEach(mountpoint -> wanted.add(mountpoint.asText()));
    }
    freezeHooks++;
    believesFrozen = true;
    for (FakeFileSystem one : fileSystems.reversed()) {
      boolean named = list == null || wanted.contains(one.mountpoint());
      if (named && one.freezing() == Freezing.FAILS) {
        frozen.clear();
        believesFrozen = false;
        thawHooks++;
        throw new IllegalStateException("failed to freeze " + one.mountpoint() + ": I/O error");
      }
      if (named && one.freezing() == Freezing.FREEZES) {
        frozen.add(one.mountpoint());
      }
    }
    freezes++;
    believesFrozen = !frozen.isEmpty();
    return frozen.size();
  }

  private int thaw() {
    thaws++;
    int count = frozen.size();
    frozen.clear();
    believesFrozen = false;
    if (writersExpired) {
      writersExpired = false;
      throw new IllegalStateException(
          "couldn't hold writes: fsfreeze is limited up to 10 seconds: ");
    }
    String hook = thawHookFailures.poll();
    if (hook != null) {
      throw new IllegalStateException(hook);
    }
    thawHooks = freezeHooks;
    return count;
  }

  private ObjectNode osInfo() {
    return windows
        ? Json.object().put("id", "mswindows").put("pretty-name", "Microsoft Windows Server 2022")
        : Json.object().put("id", "debian").put("pretty-name", "Debian GNU/Linux 12 (bookworm)");
  }

  private ObjectNode info() {
    ObjectNode info = Json.object().put("version", version);
    var supported = info.putArray("supported_commands");
    for (String command : commands) {
      supported
          .addObject()
          .put("name", command)
          .put("enabled", !disabled.contains(command))
          .put("success-response", true);
    }
    return info;
  }

  static ObjectNode error(String errorClass, String description) {
    ObjectNode reply = Json.object();
    reply.putObject("error").put("class", errorClass).put("desc", description);
    return reply;
  }
}
