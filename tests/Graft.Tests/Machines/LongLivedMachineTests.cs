using System.Text;
using System.Text.Json;
using Graft.Consensus;
using Graft.Storage;
using Graft.Tests.Support;

namespace Graft.Tests.Machines;

public sealed class LongLivedMachineTests
{
    private const string Hello = """{"protocol":1,"snapshot":true,"digest":true}""";

    [Fact]
    public void Requests_and_answers_are_those_of_the_specification() => Play(async (harness, host) =>
    {
        host.Program = () => Fixed(Hello, """{"answers":["one",{"base64":"//4="},{"error":"no"}],"unknown":1}""");
        byte[] payload = new byte[EntryEnvelope.SizeOf(WriteForm.Command, hasSession: false, 2)];
        new EntryEnvelope(WriteForm.Command, 20, 18446744073709551615, 0, 0, 0, 0).Write([0xFF, 0xFE], payload);

        await harness.ApplyAsync(
            [EntryLog.Command(1, "a\nb"), StoredEntry.Born(EntryId.Of(1, 2), EntryKind.Command, payload), EntryLog.Command(3, "c")], 3, () => 3);

        Assert.Equal(
            [
                """{"op":"hello","protocol":1,"cluster":"c7","node":"n1","group":1}""",
                """{"op":"apply","commands":[{"index":1,"time":0,"seed":"1","data":"a\nb"},{"index":2,"time":2,"seed":"18446744073709551615","base64":"//4="},{"index":3,"time":2,"seed":"3","data":"c"}]}""",
            ],
            host.Lines);
        Assert.Equal("one", AnswerTo(harness, 1).Text);
        Assert.Equal([0xFF, 0xFE], AnswerTo(harness, 2).Output.ToArray());
        Assert.Equal((1, "no"), (AnswerTo(harness, 3).Status, AnswerTo(harness, 3).Text));
    });

    [Theory]
    [InlineData("""{"answers":[]}""", "told 1 commands and gives 0 answers")]
    [InlineData("""{"answers":[7]}""", "neither a string")]
    [InlineData("""{"answers":"one"}""", "has no \"answers\"")]
    [InlineData("""{"answer":["one"]}""", "has no \"answers\"")]
    [InlineData("""["one"]""", "no object")]
    [InlineData("Traceback (most recent call last):", "isn't JSON: Traceback")]
    [InlineData("""{"fatal":"the disk is gone"}""", "the disk is gone")]
    [InlineData(null, "has ended, and its state with it")]
    public void A_program_that_breaks_the_contract_halts_and_is_asked_nothing_more(string? reply, string why) => Play(async (harness, host) =>
    {
        host.Program = () => reply is null ? Fixed(Hello) : Fixed(Hello, reply);

        await harness.ApplyAsync([EntryLog.Command(1, "a"), EntryLog.Command(2, "b")], 2, () => 1);

        Assert.Contains(why, harness.Halted!.Message, StringComparison.Ordinal);
        Assert.Equal(new LogIndex(1), harness.Halted.Index);
        Assert.Equal(2, host.Lines.Count);
    });

    [Fact]
    public void A_question_that_takes_too_long_halts_nothing_and_its_answer_is_passed_over() => Play(async (harness, host) =>
    {
        StoredEntry[] log = [EntryLog.Command(1, "a"), EntryLog.Command(2, "b")];
        host.Program = () => Fixed(Hello, """{"answers":["one"]}""", """{"answer":"late"}""", """{"answers":["two"]}""", """{"answer":"in time"}""");
        await harness.ApplyAsync(log, 1, () => 1);
        bool isLate = true;
        host.IsLate = () => isLate;
        await Assert.ThrowsAsync<QueryFailedException>(() => AskAsync("slow"));
        await Assert.ThrowsAsync<QueryFailedException>(() => AskAsync("never asked"));
        isLate = false;

        await harness.ApplyAsync(log, 2, () => 1);

        Assert.Null(harness.Halted);
        Assert.Equal("two", AnswerTo(harness, 2).Text);
        Assert.Equal("in time", await AskAsync("again"));

        async Task<string> AskAsync(string what)
        {
            var read = new PendingRead(ReadConsistency.Local, Encoding.UTF8.GetBytes(what), Instant.Never, CancellationToken.None);
            ValueTask<QueryResult> answer = read.Task;
            harness.Applier.Submit(read);
            return ExternalAnswer.Read((await answer).Answer).Text;
        }
    });

    [Theory]
    [InlineData("""{"protocol":2}""")]
    [InlineData("""{}""")]
    public void Another_protocol_is_refused_with_both(string hello) => Play(async (harness, host) =>
    {
        host.Program = () => Fixed(hello);

        await harness.ApplyAsync([EntryLog.Command(1, "a")], 1, () => 1);

        Assert.Contains($"a hello of protocol 1 with {hello}", harness.Halted!.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void The_program_ends_with_the_node() => Play(async (harness, host) =>
    {
        host.Program = () => Fixed(Hello, """{"answers":["a"]}""");
        await harness.ApplyAsync([EntryLog.Command(1, "a")], 1, () => 1);

        harness.Applier.Stop();
        await harness.Applier.Completion;

        Assert.Equal((1, 1), (host.Starts, host.Ends));
    });

    [Fact]
    public void A_follower_far_behind_and_a_restart_get_the_state_in_chunks() => TestCluster.Play(
        3,
        async cluster =>
        {
            TestProgramHost[] hosts = [.. cluster.Nodes.Select(_ => new TestProgramHost { Program = List })];
            for (int i = 0; i < 3; i++)
            {
                TestProgramHost host = hosts[i];
                cluster.Nodes[i].Machines = () => new LongLivedMachine(host);
            }

            await cluster.StartAllAsync();
            TestNode late = cluster.Nodes.First(node => node != cluster.Leader);
            cluster.Isolate(late);
            for (int i = 0; i < 30; i++)
            {
                Assert.Equal($"\0{i + 1}", await cluster.Leader.WriteAsync($"ä{i}"));
            }

            await cluster.Leader.Actor.TakeSnapshotAsync();
            cluster.Isolate(late, isCut: false);
            await cluster.UntilAsync(() => late.Actor.View.Applied == cluster.Leader.Actor.View.Applied);
            string expected = await cluster.Leader.ReadAsync(ReadConsistency.Linearizable);
            Assert.Equal(expected, await late.ReadAsync(ReadConsistency.Linearizable));

            await late.StopAsync();
            late.Start(isFounder: false);
            await cluster.UntilLeaderAsync();
            Assert.Equal(expected, await late.ReadAsync(ReadConsistency.Linearizable));
            Assert.Equal(2, hosts[cluster.Nodes.IndexOf(late)].Starts);
        },
        settings: new GroupSettings { TrailingEntries = 0 });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_snapshot_comes_back_as_it_went_cut_between_characters(bool isText)
    {
        string text = string.Concat(Enumerable.Repeat("ä€x", 200_000));
        string[] chunks = isText
            ? [JsonSerializer.Serialize(new { chunk = text[..7] }), JsonSerializer.Serialize(new { chunk = text[7..], end = true })]
            : [JsonSerializer.Serialize(new { base64 = Encoding.UTF8.GetBytes(text), end = true })];
        var host = new TestProgramHost();
        bool isFirst = true;
        host.Program = () => request => request.GetProperty("op").GetString() switch
        {
            "hello" => [Hello],
            "snapshot" => chunks,
            _ => ["""{"ok":true}"""],
        };
        var machine = new LongLivedMachine(host);
        await machine.StartAsync(ApplierHarness.Context);
        using var content = new MemoryStream();
        using (IStateImage image = await machine.CaptureAsync())
        {
            await image.WriteAsync(content, CancellationToken.None);
        }

        content.Position = 0;
        await machine.RestoreAsync(content);

        var back = new StringBuilder();
        foreach (JsonElement line in host.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("op").GetString() == "restore"))
        {
            back.Append(isText ? line.GetProperty("chunk").GetString() : "");
            Assert.Equal(isText, !line.TryGetProperty("base64", out _));
            isFirst &= !line.GetProperty("end").GetBoolean();
        }

        Assert.False(isFirst);
        Assert.Equal(isText ? text : "", back.ToString());
        await machine.DisposeAsync();
    }

    [Fact]
    public async Task Digests_are_those_of_the_program_and_none_if_it_has_none()
    {
        var host = new TestProgramHost { Program = () => Fixed(Hello, """{"digest":"abc"}""") };
        await using var machine = new LongLivedMachine(host);
        await machine.StartAsync(ApplierHarness.Context);
        await using var other = new LongLivedMachine(new TestProgramHost { Program = () => Fixed("""{"protocol":1}""") });
        await other.StartAsync(ApplierHarness.Context);

        using IStateDigest? digest = await machine.BeginDigestAsync();

        Assert.Equal(StateDigest.Of("abc"u8), await digest!.ComputeAsync(CancellationToken.None));
        Assert.Null(await other.BeginDigestAsync());
        await Assert.ThrowsAsync<NotSupportedException>(() => other.CaptureAsync().AsTask());
    }

    // A list; a command adds to it and is answered how long it is.
    private static Func<JsonElement, IEnumerable<string>> List()
    {
        List<string> list = [];
        return request => request.GetProperty("op").GetString() switch
        {
            "hello" => [Hello],
            "apply" =>
            [
                JsonSerializer.Serialize(new
                {
                    answers = request.GetProperty("commands").EnumerateArray().Select(command =>
                    {
                        list.Add(command.GetProperty("data").GetString()!);
                        return list.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
                    }).ToArray(),
                }),
            ],
            "query" => [JsonSerializer.Serialize(new { answer = string.Join(',', list) })],
            "snapshot" => [.. list.Select((line, i) => JsonSerializer.Serialize(new { chunk = line + "\n", end = i == list.Count - 1 }))],
            "restore" => Restore(request.GetProperty("chunk").GetString()!),
            _ => ["""{"fatal":"unknown"}"""],
        };

        IEnumerable<string> Restore(string chunk)
        {
            list = [.. chunk.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
            return ["""{"ok":true}"""];
        }
    }

    // Answers request after request with these lines, whatever it's asked.
    private static Func<JsonElement, IEnumerable<string>> Fixed(params string[] lines)
    {
        int next = 0;
        return _ => next < lines.Length ? [lines[next++]] : [];
    }

    private static ExternalAnswer AnswerTo(ApplierHarness harness, ulong index) => ExternalAnswer.Read(harness.Outcomes[index].Answer);

    private static void Play(Func<ApplierHarness, TestProgramHost, Task> story) => WorldContext.Run(1, world =>
    {
        var host = new TestProgramHost();
        return story(new ApplierHarness(world, new LongLivedMachine(host)), host);
    });
}
