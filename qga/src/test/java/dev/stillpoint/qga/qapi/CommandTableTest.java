package dev.stillpoint.qga.qapi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qga.command.Bytes;
import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qmp.wire.Json;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every command of qemu-ga 10.2 by hand, so that the generator is not its own witness: what it says
 * on the wire, and that nothing of its reply is lost.
 */
class CommandTableTest {
  /** A command with all its arguments, what they are on the wire, and a reply. */
  record Row(QgaCommand<?> command, String arguments, String reply) {
    @Override
    public String toString() {
      return command.command();
    }
  }

  private static Row row(QgaCommand<?> command, String arguments, String reply) {
    return new Row(command, arguments, reply);
  }

  private static Row nothing(QgaCommand<?> command, String arguments) {
    return row(command, arguments, "{}");
  }

  static Stream<Row> rows() {
    return Stream.of(channel(), files(), fileSystems(), hardware(), system(), accounts())
        .flatMap(part -> part);
  }

  private static Stream<Row> channel() {
    return Stream.of(
        row(new GuestSync(7), "{'id':7}", "7"),
        row(new GuestSyncDelimited(1L << 62), "{'id':4611686018427387904}", "4611686018427387904"),
        nothing(new GuestPing(), "{}"),
        row(
            new GuestInfo(),
            "{}",
            "{'version':'10.2.0','supported_commands':[{'name':'guest-ping','enabled':true,"
                + "'success-response':true}]}"),
        row(
            new GuestExec(
                "/bin/id",
                List.of("-u"),
                List.of("A=b"),
                Bytes.utf8("x"),
                GuestExecCaptureOutput.of(true)),
            "{'path':'/bin/id','arg':['-u'],'env':['A=b'],'input-data':'eA==',"
                + "'capture-output':true}",
            "{'pid':12}"),
        row(
            new GuestExecStatus(12),
            "{'pid':12}",
            "{'exited':true,'exitcode':3,'out-data':'eHk=','err-data':'','err-truncated':true}"));
  }

  private static Stream<Row> files() {
    return Stream.of(
        row(new GuestFileOpen("/f", "w+"), "{'path':'/f','mode':'w+'}", "1000"),
        nothing(new GuestFileClose(1000), "{'handle':1000}"),
        nothing(new GuestFileFlush(1000), "{'handle':1000}"),
        row(
            new GuestFileRead(1000, 4L),
            "{'handle':1000,'count':4}",
            "{'count':2,'buf-b64':'eHk=','eof':true}"),
        row(
            new GuestFileWrite(1000, Bytes.utf8("xy"), 1L),
            "{'handle':1000,'buf-b64':'eHk=','count':1}",
            "{'count':1,'eof':false}"),
        row(
            new GuestFileSeek(1000, -2, GuestFileWhence.of(QGASeek.END)),
            "{'handle':1000,'offset':-2,'whence':'end'}",
            "{'position':40,'eof':false}"));
  }

  private static Stream<Row> fileSystems() {
    return Stream.of(
        row(new GuestFsfreezeStatus(), "{}", "'frozen'"),
        row(new GuestFsfreezeFreeze(), "{}", "3"),
        row(new GuestFsfreezeFreezeList(List.of("/")), "{'mountpoints':['/']}", "1"),
        row(new GuestFsfreezeThaw(), "{}", "3"),
        row(
            new GuestFstrim(4096L),
            "{'minimum':4096}",
            "{'paths':[{'path':'/','trimmed':8192,'minimum':4096},{'path':'/b','error':'no'}]}"),
        row(
            new GuestGetFsinfo(),
            "{}",
            "[{'name':'vda1','mountpoint':'/','type':'ext4','used-bytes':5,'total-bytes':9,"
                + "'total-bytes-privileged':10,'disk':[{'pci-controller':{'domain':0,'bus':0,"
                + "'slot':4,'function':0},'bus-type':'virtio','bus':0,'target':0,'unit':0,"
                + "'serial':'root','dev':'/dev/vda1'}]}]"),
        row(
            new GuestGetDisks(),
            "{}",
            "[{'name':'/dev/dm-0','partition':false,'dependencies':['/dev/vdb'],'alias':'vg-lv'},"
                + "{'name':'/dev/vdb','partition':false,'dependencies':[],'address':{'bus-type':"
                + "'later','bus':1,'target':2,'unit':3,'pci-controller':{'domain':-1,'bus':-1,"
                + "'slot':-1,'function':-1},'ccw-address':{'cssid':254,'ssid':0,'subchno':1,"
                + "'devno':2}},'smart':{'type':'later'}}]"));
  }

  private static Stream<Row> hardware() {
    return Stream.of(
        row(
            new GuestNetworkGetInterfaces(),
            "{}",
            "[{'name':'eth0','hardware-address':'52:54:00:00:00:01','ip-addresses':[{'ip-address':"
                + "'10.0.0.1','ip-address-type':'ipv4','prefix':24}],'statistics':{'rx-bytes':"
                + "9223372036854775807,'rx-packets':1,'rx-errs':1,'rx-dropped':1,'tx-bytes':1,"
                + "'tx-packets':1,'tx-errs':1,'tx-dropped':1}},{'name':'eth1'}]"),
        row(
            new GuestNetworkGetRoute(),
            "{}",
            "[{'iface':'eth0','destination':'0.0.0.0','metric':100,'gateway':'10.0.0.254','mask':"
                + "'0.0.0.0','irtt':0,'flags':3,'refcnt':1,'use':2,'window':4,'mtu':5,'version':4},"
                + "{'iface':'eth0','destination':'::','metric':1,'desprefixlen':'0','source':'::',"
                + "'srcprefixlen':'64','nexthop':'fe80::1','version':6}]"),
        row(new GuestGetVcpus(), "{}", "[{'logical-id':1,'online':true,'can-offline':false}]"),
        row(
            new GuestSetVcpus(List.of(new GuestLogicalProcessor(1, false, null))),
            "{'vcpus':[{'logical-id':1,'online':false}]}",
            "1"),
        row(
            new GuestGetMemoryBlocks(),
            "{}",
            "[{'phys-index':8,'online':true,'can-offline':true}]"),
        row(
            new GuestSetMemoryBlocks(List.of(new GuestMemoryBlock(8, false, null))),
            "{'mem-blks':[{'phys-index':8,'online':false}]}",
            "[{'phys-index':8,'response':'operation-failed','error-code':16}]"),
        row(new GuestGetMemoryBlockInfo(), "{}", "{'size':134217728}"),
        row(
            new GuestGetDevices(),
            "{}",
            "[{'driver-name':'viostor','driver-date':1600000000000000000,'driver-version':'100.9',"
                + "'id':{'type':'pci','vendor-id':6900,'device-id':4097}}]"),
        row(
            new GuestGetDiskstats(),
            "{}",
            "[{'name':'vda','major':254,'minor':0,'stats':{'read-sectors':1,'ios-pgr':1,"
                + "'weight-ticks':1}}]"),
        row(
            new GuestGetCpustats(),
            "{}",
            "[{'type':'linux','cpu':0,'user':1,'nice':1,'system':1,'idle':1,'guestnice':1}]"));
  }

  private static Stream<Row> system() {
    return Stream.of(
        row(new GuestGetTime(), "{}", "1700000000000000000"),
        nothing(new GuestSetTime(5L), "{'time':5}"),
        nothing(new GuestShutdown("reboot"), "{'mode':'reboot'}"),
        nothing(new GuestSuspendDisk(), "{}"),
        nothing(new GuestSuspendRam(), "{}"),
        nothing(new GuestSuspendHybrid(), "{}"),
        row(new GuestGetHostName(), "{}", "{'host-name':'h'}"),
        row(new GuestGetUsers(), "{}", "[{'user':'u','login-time':1.5,'domain':'d'}]"),
        row(new GuestGetTimezone(), "{}", "{'zone':'CET','offset':-3600}"),
        row(
            new GuestGetOsinfo(),
            "{}",
            "{'id':'debian','pretty-name':'Debian 12','kernel-release':'6.1','kernel-version':'#1',"
                + "'machine':'x86_64','name':'Debian','version':'12 (b)','version-id':'12',"
                + "'variant':'v','variant-id':'w'}"),
        row(new GuestGetLoad(), "{}", "{'load1m':0.5,'load5m':1.0,'load15m':2.25}"));
  }

  private static Stream<Row> accounts() {
    return Stream.of(
        nothing(
            new GuestSetUserPassword("u", Bytes.utf8("p"), false),
            "{'username':'u','password':'cA==','crypted':false}"),
        row(new GuestSshGetAuthorizedKeys("u"), "{'username':'u'}", "{'keys':['k']}"),
        nothing(
            new GuestSshAddAuthorizedKeys("u", List.of("k"), true),
            "{'username':'u','keys':['k'],'reset':true}"),
        nothing(
            new GuestSshRemoveAuthorizedKeys("u", List.of("k")), "{'username':'u','keys':['k']}"));
  }

  private static JsonNode json(String text) {
    try {
      return Json.parse(Unpooled.wrappedBuffer(text.replace('\'', '"').getBytes(UTF_8)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Numbers of a tree have classes of their own; those of a text have not. */
  private static JsonNode asRead(Object value) {
    return json(Json.tree(value).toString());
  }

  private static String line(QgaCommand<?> command) {
    return new String(Json.line(command.command(), command, 1), UTF_8);
  }

  @Test
  void everyCommandOfTheSchemaHasARecordAndNoOtherHas() throws IOException {
    // given
    TreeSet<String> schema;
    try (InputStream list = CommandTableTest.class.getResourceAsStream("commands-10.2.txt")) {
      schema =
          new TreeSet<>(
              List.of(
                  new String(Objects.requireNonNull(list).readAllBytes(), UTF_8).split("\n", -1)));
      schema.remove("");
    }
    // when
    var known = new TreeSet<String>();
    rows().forEach(row -> known.add(row.command.command()));
    // then
    assertEquals(44, schema.size());
    assertEquals(schema, known);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void itSaysWhatTheSchemaSays(Row row) {
    // when
    JsonNode line = json(line(row.command));
    // then
    ObjectNode expected = Json.object().put("execute", row.toString()).put("id", 1);
    JsonNode arguments = json(row.arguments);
    if (!arguments.isEmpty()) {
      expected.set("arguments", arguments);
    }
    assertEquals(expected, line);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void nothingOfItsReplyIsLostButWhatANewerVersionAdds(Row row) {
    // given
    JsonNode told = json(row.reply);
    JsonNode reply = told.deepCopy();
    addMembers(reply);
    // when
    Object value = Json.bind(reply, row.command);
    // then
    if (row.command.resultType() == Void.class) {
      assertNull(value);
    } else {
      assertEquals(told, asRead(value));
    }
  }

  private static void addMembers(JsonNode node) {
    node.forEach(CommandTableTest::addMembers);
    if (node instanceof ObjectNode object) {
      object.put("of-a-newer-version", 1);
    }
  }

  @Test
  void whatIsOptionalIsLeftOut() {
    assertEquals("{\"execute\":\"guest-set-time\",\"id\":1}\n", line(GuestSetTime.of()));
    assertEquals("{\"execute\":\"guest-shutdown\",\"id\":1}\n", line(GuestShutdown.of()));
    assertEquals("{\"execute\":\"guest-fstrim\",\"id\":1}\n", line(GuestFstrim.of()));
    assertEquals(
        "{\"execute\":\"guest-fsfreeze-freeze-list\",\"id\":1}\n",
        line(GuestFsfreezeFreezeList.of()));
    assertEquals(
        "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"/bin/id\"},\"id\":1}\n",
        line(GuestExec.of("/bin/id")));
  }

  @Test
  void aListOfNothingIsSaid() {
    assertEquals(
        "{\"execute\":\"guest-fsfreeze-freeze-list\",\"arguments\":{\"mountpoints\":[]},\"id\":1}\n",
        line(new GuestFsfreezeFreezeList(List.of())));
  }

  @Test
  void aModeOfCapturingIsANameAndBothIsAFlag() {
    var merged = GuestExecCaptureOutput.of(GuestExecCaptureOutputMode.of("merged"));

    String line = line(GuestExec.of("x").withCaptureOutput(merged));

    assertTrue(line.contains("\"capture-output\":\"merged\""), line);
  }

  @Test
  void aNumberWithoutASignKeepsItsBits() {
    var stats = Json.convert(json("{'read-ios':18446744073709551615}"), GuestDiskStats.class);

    assertEquals(-1L, stats.readIos());
  }

  @Test
  void secretsAreInNoText() {
    for (Object holder :
        List.of(
            new GuestSetUserPassword("u", Bytes.utf8("hush"), false),
            new GuestSshAddAuthorizedKeys("u", List.of("hush"), null),
            new GuestSshRemoveAuthorizedKeys("u", List.of("hush")),
            new GuestAuthorizedKeys(List.of("hush")),
            GuestExec.of("p")
                .withArg(List.of("hush"))
                .withEnv(List.of("hush"))
                .withInputData(Bytes.utf8("hush")),
            new GuestFileReadResult(4, Bytes.utf8("hush"), true),
            new GuestFileWrite(1, Bytes.utf8("hush"), null))) {
      assertFalse(holder.toString().contains("hush"), holder.toString());
      assertFalse(holder.toString().contains(Bytes.utf8("hush").toBase64()), holder.toString());
    }
  }

  @Test
  void bytesAreCopiedBothWays() {
    // given
    byte[] mine = {1, 2};
    Bytes bytes = Bytes.of(mine);
    // when
    mine[0] = 9;
    bytes.toArray()[1] = 9;
    // then
    assertEquals(Bytes.of(new byte[] {1, 2}), bytes);
  }
}
