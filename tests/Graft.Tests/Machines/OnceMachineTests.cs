using System.Text.Json;
using Graft.Consensus;
using Graft.Storage;
using Graft.Tests.Support;

namespace Graft.Tests.Machines;

public sealed class OnceMachineTests
{
    [Fact]
    public void The_argument_is_that_of_the_contract_and_init_comes_first() => Play(async (harness, host) =>
    {
        host.Run = _ => TestProgramHost.End(0, "done\n");

        await harness.ApplyAsync([EntryLog.Command(1, "insert \"ä\" 'x'"), EntryLog.Command(2, "two")], 2, () => 2);

        Assert.Equal(
            [
                """{"id":"0000000000000001","data":"","type":1}""",
                """{"id":"0000000000000001","data":"insert \"ä\" 'x'","type":3}""",
                """{"id":"0000000000000001","data":"two","type":3}""",
            ],
            host.Arguments);
        Assert.Equal("done\n", AnswerTo(harness, 1).Text);
        Assert.False(AnswerTo(harness, 1).IsError);
    });

    [Fact]
    public void A_refusal_is_an_answer_and_the_next_command_is_run() => Play(async (harness, host) =>
    {
        host.Run = argument => argument.Contains("bad", StringComparison.Ordinal) ? TestProgramHost.End(3, "half", "no such table") : TestProgramHost.End(0, "ok");

        await harness.ApplyAsync([EntryLog.Command(1, "bad"), EntryLog.Command(2, "good")], 2, () => 2);

        Assert.Equal((3, "no such table"), (AnswerTo(harness, 1).Status, AnswerTo(harness, 1).Text));
        Assert.Equal((0, "ok"), (AnswerTo(harness, 2).Status, AnswerTo(harness, 2).Text));
    });

    [Theory]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(137)]
    [InlineData(-1)]
    public void What_befell_the_program_halts_and_skips_nothing(int status) => Play(async (harness, host) =>
    {
        host.Run = argument => TestProgramHost.End(argument.Contains("two", StringComparison.Ordinal) ? status : 0, "", "why it died");

        await harness.ApplyAsync([EntryLog.Command(1, "one"), EntryLog.Command(2, "two"), EntryLog.Command(3, "three")], 3, () => 1);

        Assert.Contains($"entry 2 on: its state machine the test's program failed at entry 2. the test's program ended with status {status}", harness.Halted!.Message, StringComparison.Ordinal);
        Assert.Contains("why it died", harness.Halted.Message, StringComparison.Ordinal);
        Assert.Equal(3, host.Arguments.Count);
    });

    [Fact]
    public void An_init_that_fails_halts_before_anything_is_applied() => Play(async (harness, host) =>
    {
        host.Run = _ => TestProgramHost.End(1, "", "no database");

        await harness.ApplyAsync([EntryLog.Command(1, "one")], 1, () => 1);

        Assert.Contains("no database", harness.Halted!.Message, StringComparison.Ordinal);
        Assert.Single(host.Arguments);
    });

    [Fact]
    public void What_no_argument_can_hold_is_refused_alike_everywhere_and_never_run() => Play(async (harness, host) =>
    {
        string limit = new('x', OnceMachine.DataBytesMax - 2);
        byte[] payload = new byte[EntryEnvelope.SizeOf(WriteForm.Command, hasSession: false, 2)];
        new EntryEnvelope(WriteForm.Command, 0, 0, 0, 0, 0, 0).Write([0xFF, 0xFE], payload);

        await harness.ApplyAsync(
            [StoredEntry.Born(EntryId.Of(1, 1), EntryKind.Command, payload), EntryLog.Command(2, limit + "x"), EntryLog.Command(3, limit)], 3, () => 3);

        Assert.Contains("isn't UTF-8", AnswerTo(harness, 1).Text, StringComparison.Ordinal);
        Assert.Contains("120001 bytes", AnswerTo(harness, 2).Text, StringComparison.Ordinal);
        Assert.False(AnswerTo(harness, 3).IsError);
        Assert.Equal(2, host.Arguments.Count);
    });

    // The seed's program: its state is its own, thrown away by init, and the log brings it back.
    [Fact]
    public void A_restart_begins_with_init_and_the_whole_log_and_queries_are_of_type_2() => TestCluster.Play(1, async cluster =>
    {
        var host = new TestProgramHost();
        List<string> state = [];
        host.Run = argument =>
        {
            using var json = JsonDocument.Parse(argument);
            string data = json.RootElement.GetProperty("data").GetString()!;
            switch (json.RootElement.GetProperty("type").GetInt32())
            {
                case 1:
                    state.Clear();
                    break;
                case 3:
                    state.Add(data);
                    break;
                default:
                    break;
            }

            return TestProgramHost.End(0, string.Join(',', state));
        };
        cluster.Nodes[0].Machines = () => new OnceMachine(host, new ExternalOptions { Id = "me" });
        await cluster.StartAllAsync();
        await cluster.Leader.Actor.WriteAsync(WriteForm.Command, TestCluster.Encode("a"), default, CancellationToken.None);
        await cluster.Leader.Actor.WriteAsync(WriteForm.Command, TestCluster.Encode("b"), default, CancellationToken.None);

        NotSupportedException refused = await Assert.ThrowsAsync<NotSupportedException>(() => cluster.Leader.Actor.TakeSnapshotAsync());
        Assert.Contains("its log stays whole", refused.Message, StringComparison.Ordinal);
        await cluster.Nodes[0].StopAsync();
        host.Arguments.Clear();
        cluster.Nodes[0].Start(isFounder: false);
        await cluster.UntilLeaderAsync();

        Assert.Equal("\0a,b", await cluster.Leader.ReadAsync(ReadConsistency.Linearizable));
        Assert.Equal([1, 3, 3, 2], host.Arguments.Select(argument => JsonDocument.Parse(argument).RootElement.GetProperty("type").GetInt32()));
        Assert.All(host.Arguments, argument => Assert.StartsWith("""{"id":"me",""", argument, StringComparison.Ordinal));
    });

    private static ExternalAnswer AnswerTo(ApplierHarness harness, ulong index) => ExternalAnswer.Read(harness.Outcomes[index].Answer);

    private static void Play(Func<ApplierHarness, TestProgramHost, Task> story) => WorldContext.Run(1, world =>
    {
        var host = new TestProgramHost();
        return story(new ApplierHarness(world, new OnceMachine(host, new ExternalOptions())), host);
    });
}
