using System.Diagnostics;
using System.Text;

namespace Graft.EndToEnd.Tests;

/// <summary>State machines that are programs, run as programs.</summary>
[Collection(nameof(Processes))]
public sealed class ExternalMachineTests : IAsyncDisposable
{
    // The program that came with the contract, in short: SQLite in a file of the node's, thrown away by init.
    private const string SqlScript = """
        import json, os, sqlite3, sys
        asked = json.loads(sys.argv[-1])
        file = "." + asked["id"] + ".db"
        if asked["type"] == 1:
            if os.path.exists(file):
                os.remove(file)
            sys.exit()
        database = sqlite3.connect(file)
        try:
            if asked["type"] == 3:
                database.executescript(asked["data"])
                database.commit()
            else:
                copy = sqlite3.connect(":memory:")
                database.backup(copy)
                copy.row_factory = sqlite3.Row
                print(json.dumps([dict(row) for row in copy.execute(asked["data"])]))
        except sqlite3.Error as error:
            sys.exit(str(error))
        """;

    private const string MortalScript = """
        import json, sys
        for line in sys.stdin:
            asked = json.loads(line)
            if asked["op"] == "hello":
                print(json.dumps({"protocol": 1}), flush=True)
            elif any(command["data"] == "die" for command in asked["commands"]):
                sys.exit("I was told to")
            else:
                print(json.dumps({"answers": [command["data"] for command in asked["commands"]]}), flush=True)
        """;

    private readonly List<ExampleProcess> _examples = [];
    private readonly string _root = Directory.CreateTempSubdirectory("graft-external-").FullName;

    [Fact]
    public async Task A_program_run_once_per_evaluation_keeps_a_database_that_the_log_brings_back()
    {
        RequirePython();
        Func<IStateMachine> machine = () => ExternalStateMachine.Once("python3", Script(SqlScript));
        await using (GraftNode node = await StartAsync(machine))
        {
            Assert.Equal("", await WriteAsync(node, "create table names (id integer primary key, name text)"));
            Assert.Equal("", await WriteAsync(node, "insert into names (name) values ('ann'); insert into names (name) values ('bob')"));
            Assert.Equal("1: no such table: nowhere\n", await WriteAsync(node, "insert into nowhere values (1)"));
            Assert.Equal("1: UNIQUE constraint failed: names.id\n", await WriteAsync(node, "insert into names values (1, 'eve')"));
        }

        await using GraftNode again = await StartAsync(machine);
        Assert.Equal("""[{"id": 1, "name": "ann"}, {"id": 2, "name": "bob"}]""" + "\n", await QueryAsync(again, "select * from names"));
        await QueryAsync(again, "delete from names");
        Assert.Equal("""[{"n": 2}]""" + "\n", await QueryAsync(again, "select count(*) as n from names"));
    }

    [Fact]
    public async Task A_program_that_dies_halts_its_group_and_so_it_does_at_the_next_start()
    {
        RequirePython();
        Func<IStateMachine> machine = () => ExternalStateMachine.LongLived("python3", Script(MortalScript));
        ulong index;
        await using (GraftNode node = await StartAsync(machine))
        {
            Assert.Equal("hello", await WriteAsync(node, "hello"));
            await Assert.ThrowsAnyAsync<GraftException>(() => WriteAsync(node, "die"));
            Assert.Contains("python3 has ended, and its state with it. Its standard error ends with: I was told to", node.Group().Halted!.Message, StringComparison.Ordinal);
            index = node.Group().Halted!.Index.Value;
        }

        await using GraftNode again = await StartAsync(machine);
        await Assert.ThrowsAnyAsync<GraftException>(() => WriteAsync(again, "later"));

        // In one batch with what was before it: from there on nothing is known to be applied.
        Assert.InRange(again.Group().Halted!.Index.Value, 1UL, index);
        Assert.Contains($" {index}. python3 has ended", again.Group().Halted!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_not_be_started_or_hangs_or_says_too_much_halts_with_a_reason()
    {
        RequirePython();
        Assert.Contains("nothing-here couldn't be started", await WhyNotAsync(() => ExternalStateMachine.LongLived(Path.Join(_root, "nothing-here"))), StringComparison.Ordinal);

        ExternalOptions hanging = Script("import time\ntime.sleep(60)");
        hanging.Timeout = TimeSpan.FromMilliseconds(300);
        Assert.Contains("didn't answer in 0.3 s", await WhyNotAsync(() => ExternalStateMachine.LongLived("python3", hanging)), StringComparison.Ordinal);
        Assert.Contains("took longer than 0.3 s and was killed", await WhyNotAsync(() => ExternalStateMachine.Once("python3", hanging)), StringComparison.Ordinal);

        ExternalOptions talking = Script("print('x' * 100000)");
        talking.OutputBytesMax = 1000;
        Assert.Contains("wrote more than 1000 bytes", await WhyNotAsync(() => ExternalStateMachine.Once("python3", talking)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_example_in_Python_answers_on_two_nodes()
    {
        RequirePython();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromMinutes(2));
        ExampleProcess first = Example("a", "127.0.0.1:0");
        string address = await first.ReadAsync("listening on ", bound.Token);
        ExampleProcess second = Example("b", "127.0.0.1:0", address);
        await second.ReadAsync("listening on ", bound.Token);

        Assert.Equal("10", await first.SayAsync("deposit ann 10", bound.Token));
        Assert.Equal("7", await second.SayAsync("move ann bob 3", bound.Token));
        Assert.Equal("refused: ann has only 7", await first.SayAsync("move ann bob 8", bound.Token));
        Assert.Equal("3", await second.SayAsync("? bob", bound.Token));
        Assert.Equal("refused: not understood: steal", await second.SayAsync("steal", bound.Token));
        await second.EndAsync(bound.Token);
        await first.EndAsync(bound.Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ExampleProcess example in _examples)
        {
            await example.DisposeAsync();
        }

        Directory.Delete(_root, recursive: true);
    }

    private static void RequirePython()
    {
        try
        {
            using Process? asked = Process.Start(new ProcessStartInfo("python3", ["--version"]) { RedirectStandardOutput = true, UseShellExecute = false });
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            Assert.Skip($"python3 isn't on this machine, so no state machine in Python was run. {missing.Message}");
        }
    }

    private Task<GraftNode> StartAsync(Func<IStateMachine> machine) => GraftNode.StartAsync(
        new NodeOptions { DataDirectory = Path.Join(_root, "data"), Found = true, SegmentBytes = 1 << 20, LogCacheBytes = 1 << 20, CommandBytesMax = 1 << 16 },
        machine,
        TestContext.Current.CancellationToken);

    // A founding node has its first entry applied before it's up, so it says at once what is wrong.
    private async Task<string> WhyNotAsync(Func<IStateMachine> machine)
    {
        GraftException refused = await Assert.ThrowsAnyAsync<GraftException>(() => StartAsync(machine));
        Directory.Delete(Path.Join(_root, "data"), recursive: true);
        return refused.Message;
    }

    private ExternalOptions Script(string text)
    {
        string path = Path.Join(_root, "machine.py");
        File.WriteAllText(path, text);
        return new ExternalOptions { Arguments = { path }, WorkingDirectory = _root };
    }

    private static async Task<string> WriteAsync(GraftNode node, string command) =>
        Text((await node.Group().WriteAsync(Encoding.UTF8.GetBytes(command), default, TestContext.Current.CancellationToken)).Answer);

    private static async Task<string> QueryAsync(GraftNode node, string query) =>
        Text((await node.Group().QueryAsync(Encoding.UTF8.GetBytes(query), cancellation: TestContext.Current.CancellationToken)).Answer);

    private static string Text(ReadOnlyMemory<byte> answer)
    {
        var said = ExternalAnswer.Read(answer);
        return said.IsError ? $"{said.Status}: {said.Text}" : said.Text;
    }

    private ExampleProcess Example(string name, params string[] rest)
    {
        var example = ExampleProcess.Start("ExternalPython", [Path.Join(_root, name), .. rest]);
        _examples.Add(example);
        return example;
    }
}
