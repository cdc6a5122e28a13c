using System.Text.Json;

namespace Graft.EndToEnd.Tests;

/// <summary>The demo: a cluster that is broken and heals while somebody looks on, and of which nothing is left.</summary>
[Collection(nameof(Processes))]
public sealed class DemoTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly string _root = Directory.CreateTempSubdirectory("graft-demo-test-").FullName;
    private ExampleProcess? _demo;

    public DemoTests() => _bound.CancelAfter(TimeSpan.FromMinutes(2));

    private CancellationToken Bound => _bound.Token;

    [Fact]
    public async Task A_leader_that_is_crashed_is_replaced_and_comes_back_and_nothing_is_left()
    {
        _demo = Start("demo", "--port", "0");
        await _demo.ReadAsync("Loaded sample data: ", Bound);
        await _demo.ReadAsync("q to quit", Bound);

        await _demo.TypeAsync("k", Bound);
        string crashed = await _demo.ReadAsync("you crashed ", Bound);
        await _demo.ReadAsync(" leads (term ", Bound);
        await _demo.TypeAsync("h", Bound);
        await _demo.ReadAsync($"{crashed} is back and has caught up", Bound);
        await _demo.TypeAsync("q", Bound);

        Assert.Contains("Data removed", await _demo.AssertEndedAsync(0, Bound), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public async Task A_script_gets_addresses_that_answer_and_an_end_in_time()
    {
        _demo = Start("demo", "--port", "0", "--nodes", "1", "--no-input", "--seconds", "30", "--json");
        using JsonDocument ready = JsonDocument.Parse("{" + await _demo.ReadAsync("{", Bound));
        string address = ready.RootElement.GetProperty("nodes")[0].GetProperty("address").GetString()!;

        GraftCommand found = await GraftCommand.RunAsync("", ["query", "--csv", "--no-header", "SELECT count(*) FROM orders", "-c", address], Bound);
        await _demo.InterruptAsync(0, Bound);

        Assert.Equal("1000\r\n", found.Out);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public async Task What_is_kept_is_there_the_next_time()
    {
        string data = Path.Join(_root, "kept");
        _demo = Start("demo", "--port", "0", "--nodes", "1", "--no-input", "--seconds", "0.5", "--data", data);
        await _demo.ReadAsync("Loaded sample data: ", Bound);
        await _demo.AssertEndedAsync(0, Bound);
        await _demo.DisposeAsync();

        _demo = Start("demo", "--port", "0", "--nodes", "1", "--no-input", "--seconds", "0.5", "--data", data);
        await _demo.ReadAsync("The data of the last time is still there", Bound);
        await _demo.AssertEndedAsync(0, Bound);
    }

    public async ValueTask DisposeAsync()
    {
        if (_demo is not null)
        {
            await _demo.DisposeAsync();
        }

        _bound.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    // The runtime leaves its pipes for debuggers in the same place when it is killed.
    private ExampleProcess Start(params string[] typed) => ExampleProcess.Start(GraftCommand.Project, typed, ("TMPDIR", _root), ("DOTNET_EnableDiagnostics", "0"));
}
