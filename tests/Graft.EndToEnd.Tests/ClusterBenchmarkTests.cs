using System.Globalization;

namespace Graft.EndToEnd.Tests;

/// <summary>The benchmark of whole nodes gives figures, and leaves nothing behind. How high they are is none of a test's business.</summary>
[Collection(nameof(Processes))]
public sealed class ClusterBenchmarkTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly string _root = Directory.CreateTempSubdirectory("graft-bench-test-").FullName;
    private ExampleProcess? _benchmark;

    public ClusterBenchmarkTests() => _bound.CancelAfter(TimeSpan.FromMinutes(3));

    private CancellationToken Bound => _bound.Token;

    [Fact]
    public async Task A_rival_is_measured_beside_ours_or_its_figures_are_those_of_another_run()
    {
        _benchmark = Start("--rival", "etcd", "--rounds", "1", "--seconds", "0.1", "--clients", "1", "--read", "linearizable", "--json");

        string rival = await _benchmark.ReadAsync("\"rival\": ", Bound);
        bool isMeasured = await _benchmark.ReadAsync("\"isMeasured\": ", Bound) == "true,";
        double own = await NumberAsync("perSecond");
        double ratio = await NumberAsync("ratio");

        Assert.Equal(!isMeasured, rival.Contains("other run", StringComparison.Ordinal));
        Assert.True(own > 0 && ratio > 0, _benchmark.Said);
        await _benchmark.AssertEndedAsync(0, Bound);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task One_that_is_interrupted_ends_its_processes_and_removes_their_data()
    {
        _benchmark = Start("--seconds", "600");
        while (!Directory.EnumerateDirectories(_root, "node*", SearchOption.AllDirectories).Any())
        {
            await Task.Delay(20, Bound);
        }

        await _benchmark.InterruptAsync(1, Bound);

        AssertNothingIsLeft();
    }

    public async ValueTask DisposeAsync()
    {
        if (_benchmark is not null)
        {
            await _benchmark.DisposeAsync();
        }

        _bound.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private ExampleProcess Start(params string[] options) => ExampleProcess.Start("Graft.Bench", ["cluster", "--dir", _root, .. options]);

    private async Task<double> NumberAsync(string property) =>
        double.Parse((await _benchmark!.ReadAsync($"\"{property}\": ", Bound)).TrimEnd(','), CultureInfo.InvariantCulture);

    // Every process of a cluster has been told where its data lies.
    private void AssertNothingIsLeft()
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc").Select(CommandOf), command => command.Contains(_root, StringComparison.Ordinal));
    }

    private static string CommandOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Join(process, "cmdline"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
