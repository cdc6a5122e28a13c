using System.Globalization;
using Graft.Testing;

namespace Graft.EndToEnd.Tests;

/// <summary>The examples do what their pages say: run as processes, on ports that the system chooses.</summary>
[Collection(nameof(Processes))]
public sealed class ExampleTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<ExampleProcess> _examples = [];
    private readonly List<WebExample> _served = [];
    private readonly string _root = Directory.CreateTempSubdirectory("graft-example-").FullName;

    public ExampleTests() => _bound.CancelAfter(TimeSpan.FromMinutes(2));

    private CancellationToken Bound => _bound.Token;

    [Fact]
    public void The_program_in_the_readme_is_the_counter_without_its_usings()
    {
        string page = Read("README.md");
        string program = Read("examples/Counter/Program.cs");

        string shown = MarkdownBlock.Of(page).First(block => block.Language == "csharp").Text;

        Assert.Equal(shown, string.Join('\n', program.Split('\n').SkipWhile(line => line.Length == 0 || line.StartsWith("using ", StringComparison.Ordinal))));
        Assert.InRange(shown.TrimEnd().Split('\n').Length, 1, 15);
    }

    [Fact]
    public async Task The_counters_of_the_readme_count_together_and_two_go_on_when_one_is_killed()
    {
        string[][] lines = [.. MarkdownBlock.Of(Read("README.md"))
            .SelectMany(block => block.Text.Split('\n'))
            .Where(line => line.StartsWith("dotnet run --project examples/Counter -- ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[5..])];
        Assert.Equal(3, lines.Length);

        string listening = lines[0][Array.IndexOf(lines[0], "--Raft:Listen") + 1];
        string founder = "127.0.0.1:0";
        foreach (string[] line in lines)
        {
            ExampleProcess counter = Start("Counter", line.Select((word, at) =>
                word == listening ? founder
                : word.StartsWith("data/", StringComparison.Ordinal) ? Path.Join(_root, word)
                : at > 0 && line[at - 1] == "--Raft:Listen" ? "127.0.0.1:0" : word));
            string address = (await counter.ReadAsync("listens on ", Bound)).TrimEnd('.');
            founder = _examples.Count == 1 ? address : founder;
        }

        long[] before = await Task.WhenAll(_examples.Select(TotalAsync));
        await _examples[0].KillAsync();
        long[] after = await Task.WhenAll(_examples.Skip(1).Select(TotalAsync));
        long[] later = await Task.WhenAll(_examples.Skip(1).Select(TotalAsync));

        // Each number was answered to one ticker only: what one adds, all see.
        Assert.Equal(7, before.Concat(after).Concat(later).Distinct().Count());
        Assert.All(later.Zip(after), pair => Assert.True(pair.First > pair.Second));
        await _examples[2].StopAsync(Bound);
    }

    [Fact]
    public async Task The_key_value_store_compares_and_sets_and_reads_what_was_written_on_whatever_node()
    {
        WebExample a = await StoreAsync("a");
        WebExample b = await StoreAsync("b", "--Raft:Join:0", a.Node);
        WebExample c = await StoreAsync("c", "--Raft:Join:0", a.Node);
        (string Name, string Value) isNew = ("If-None-Match", "*");

        Assert.Equal("404", await AskAsync(b, HttpMethod.Get));
        Assert.Equal("204", await AskAsync(a, HttpMethod.Put, "blue", isNew));
        Assert.Equal("412", await AskAsync(c, HttpMethod.Put, "red", isNew));
        (string answer, string? version) = await b.AskAsync(HttpMethod.Get, "sky", null, null, Bound);
        Assert.Equal("200 blue", answer);

        (string Name, string Value) isBlue = ("If-Match", version!);
        Assert.Equal("204", await AskAsync(b, HttpMethod.Put, "grey", isBlue));
        Assert.Equal("412", await AskAsync(c, HttpMethod.Put, "red", isBlue));
        Assert.Equal("412", await AskAsync(c, HttpMethod.Delete, null, isBlue));
        Assert.StartsWith("400", await AskAsync(c, HttpMethod.Put, "red", ("If-Match", "\"first\"")), StringComparison.Ordinal);
        Assert.Equal("200 grey", await AskAsync(a, HttpMethod.Get));

        await a.Process.KillAsync();
        Assert.Equal("204", await AskAsync(b, HttpMethod.Put, "black"));
        Assert.Equal("200 black", await AskAsync(c, HttpMethod.Get));
        Assert.Equal("204", await AskAsync(c, HttpMethod.Delete));
        Assert.Equal("404", await AskAsync(b, HttpMethod.Get));
        await c.Process.StopAsync(Bound);

        // One of three is no quorum: a read that would have to be true isn't answered, one that needn't be is.
        Assert.StartsWith("503", await AskAsync(b, HttpMethod.Get), StringComparison.Ordinal);
        Assert.Equal("404", (await b.AskAsync(HttpMethod.Get, "sky?stale=true", null, null, Bound)).Answer);

        async Task<WebExample> StoreAsync(string name, params string[] join) => await ServeAsync(Start(
            "KeyValue",
            ["--urls", "http://127.0.0.1:0", "--Raft:DataDirectory", Path.Join(_root, name), "--Raft:DefaultTimeout", "00:00:05", .. join]));

        async Task<string> AskAsync(WebExample node, HttpMethod method, string? body = null, (string Name, string Value)? condition = null) =>
            (await node.AskAsync(method, "sky", body, condition, Bound)).Answer;
    }

    [Fact]
    public async Task The_word_tracker_takes_its_environment_and_keeps_each_word_on_every_node()
    {
        WebExample one = await TrackerAsync("one", ("RAFT_BOOTSTRAP", "TRUE"));
        WebExample two = await TrackerAsync("two", ("RAFT_JOIN", one.Node), ("RAFT_VOTER", "true"));
        WebExample reader = await TrackerAsync("reader", ("RAFT_JOIN", $"{one.Node},{two.Node}"));

        Assert.Equal("201", (await one.AskAsync(HttpMethod.Post, "word", "raft", null, Bound)).Answer);
        Assert.Equal("201", (await reader.AskAsync(HttpMethod.Post, "word", "is", null, Bound)).Answer);
        Assert.Equal("201", (await two.AskAsync(HttpMethod.Post, "word", "small", null, Bound)).Answer);
        Assert.Equal("202 [raft is small]", (await one.AskAsync(HttpMethod.Get, "word/", null, null, Bound)).Answer);
        Assert.Equal("202 [raft is small]", (await reader.AskAsync(HttpMethod.Get, "word/", null, null, Bound)).Answer);

        // It has no vote: the two that have one go on without it, at once.
        await reader.Process.StopAsync(Bound);
        Assert.Equal("201", (await two.AskAsync(HttpMethod.Post, "word", "still", null, Bound)).Answer);

        // Its directory says who it is, whatever the environment leaves out.
        await two.Process.StopAsync(Bound);
        two = await TrackerAsync("two", ("NODE_LISTEN_ADDR", two.Node));
        Assert.Equal("202 [raft is small still]", (await two.AskAsync(HttpMethod.Get, "word/", null, null, Bound)).Answer);

        async Task<WebExample> TrackerAsync(string name, params (string Name, string Value)[] more) => await ServeAsync(Start(
            "WordTracker",
            [],
            [
                ("NODE_ID", name), ("NODE_LISTEN_ADDR", "127.0.0.1:0"), ("RAFT_DATA_DIR", Path.Join(_root, name)), ("RAFT_TIMEOUT_MS", "500"),
                ("ASPNETCORE_URLS", "http://127.0.0.1:0"), .. more,
            ]));
    }

    [Fact]
    public async Task Five_nodes_keep_one_list_of_timestamps_and_one_that_was_killed_catches_up()
    {
        ExampleProcess founder = Stamper(1, "127.0.0.1:0");
        string address = await ServingAsync(founder);
        for (int node = 2; node <= 5; node++)
        {
            Stamper(node, "127.0.0.1:0", address);
        }

        // Whoever has three has the first one, and all have the same.
        string[] first = await Task.WhenAll(_examples.Select(async (stamper, at) =>
        {
            await GrowAsync(stamper, at + 1, 3);
            return await stamper.ReadAsync("DEBUG Index 1: ", Bound);
        }));
        Assert.Single(first.Distinct());

        // More than it can have known of at its end, or have had on its way.
        await founder.KillAsync();
        string said = await founder.AssertEndedAsync(137, Bound);
        int known = int.Parse(said[(said.LastIndexOf(", size=", StringComparison.Ordinal) + 7)..].Split('\n')[0], CultureInfo.InvariantCulture);
        int[] grown = await Task.WhenAll(_examples.Skip(1).Select((stamper, at) => GrowAsync(stamper, at + 2, known + 5)));

        ExampleProcess back = Stamper(1, address);
        await ServingAsync(back);
        await GrowAsync(back, 1, grown.Max());
        Assert.Equal(first[0], await back.ReadAsync("DEBUG Index 1: ", Bound));
        await back.StopAsync(Bound);

        ExampleProcess Stamper(int node, string listen, string? join = null) => Start(
            "Timestamps", [$"{node}", Path.Join(_root, $"{node}"), listen, .. join is null ? Array.Empty<string>() : [join]]);

        async Task<string> ServingAsync(ExampleProcess stamper) =>
            (await stamper.ReadAsync("INFO Serving on (", Bound)).TrimEnd(')').Replace("', ", ":", StringComparison.Ordinal).TrimStart('\'');

        // Reads on until a node has so many, and somebody leads it.
        async Task<int> GrowAsync(ExampleProcess stamper, int node, int least)
        {
            while (true)
            {
                string[] words = (await stamper.ReadAsync($"INFO {node}, Roles.", Bound)).Split(' ', '=');
                int size = int.Parse(words[^1], CultureInfo.InvariantCulture);
                if (size >= least && words[0] is "LEADER" or "FOLLOWER")
                {
                    return size;
                }
            }
        }
    }

    [Fact]
    public async Task The_word_tracker_refuses_a_number_that_is_none()
    {
        ExampleProcess tracker = Start("WordTracker", [], ("RAFT_DATA_DIR", Path.Join(_root, "none")), ("RAFT_TIMEOUT_MS", "soon"));

        Assert.Equal("RAFT_TIMEOUT_MS: 'soon' is no whole number.", await tracker.AssertEndedAsync(1, Bound));
    }

    public async ValueTask DisposeAsync()
    {
        _served.ForEach(caller => caller.Dispose());
        foreach (ExampleProcess example in _examples)
        {
            await example.DisposeAsync();
        }

        _bound.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static string Read(string file) => File.ReadAllText(Path.Join(SourceTree.Root, file));

    private ExampleProcess Start(string example, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var started = ExampleProcess.Start(example, arguments, environment);
        _examples.Add(started);
        return started;
    }

    private async Task<WebExample> ServeAsync(ExampleProcess example)
    {
        WebExample served = await WebExample.ServeAsync(example, Bound);
        _served.Add(served);
        return served;
    }

    private async Task<long> TotalAsync(ExampleProcess counter) =>
        long.Parse(await counter.ReadAsync("total ", Bound), CultureInfo.InvariantCulture);
}
