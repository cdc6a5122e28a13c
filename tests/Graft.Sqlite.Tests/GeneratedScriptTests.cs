using System.Globalization;
using Graft.Consensus;

namespace Graft.Sqlite.Tests;

/// <summary>Scripts that nobody thought of, each on five databases (<see cref="Agreement"/>).</summary>
/// <remarks>
/// <c>GRAFT_SQL_SCRIPTS=10000 ./test --filter-class '*GeneratedScriptTests'</c> runs ten thousand, and <c>GRAFT_SQL_SEED=N</c> begins with the N-th: a failure names its
/// seed, and the shortest beginning of the script that fails.
/// </remarks>
public sealed class GeneratedScriptTests
{
    private const ulong Block = 1_000_000;

    [Fact]
    public async Task AnyScriptAgreesAsync()
    {
        ulong first = Number("GRAFT_SQL_SEED", 1);
        ulong count = Number("GRAFT_SQL_SCRIPTS", 25);
        Assert.InRange(count, 1UL, Block);
        for (ulong seed = first; seed < first + count; seed++)
        {
            await CheckAsync(seed);
        }
    }

    /// <summary>Scripts that have found something: indexes that were unconnected behind a batch that began anew, and what a virtual table's making counts as changed.</summary>
    [Theory]
    [InlineData(84)]
    [InlineData(233)]
    [InlineData(414)]
    [InlineData(553)]
    [InlineData(3057)]
    public Task AScriptThatDisagreedAgreesAsync(ulong seed) => CheckAsync(seed);

    private static ulong Number(string variable, ulong otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static async Task CheckAsync(ulong seed)
    {
        SqlRequest[] script = new ScriptDraws(new SeededRandom(seed)).Script();
        if (await FailureAsync(script, seed) is not { } failure)
        {
            return;
        }

        // Where a script is cut depends on its length, so a beginning of it may agree while a shorter one doesn't.
        int length = 1;
        string? shorter = null;
        while (length < script.Length && (shorter = await FailureAsync(script[..length], seed)) is null)
        {
            length++;
        }

        string requests = string.Join('\n', script[1..length].Select(Agreement.Describe));
        Assert.Fail($"Seed {seed}, {length} of {script.Length} requests:\n{requests}\n\n{shorter ?? failure}");
    }

    private static async Task<string?> FailureAsync(SqlRequest[] script, ulong seed)
    {
#pragma warning disable CA1031 // Whatever comes of it is what the shorter script is looked for.
        try
        {
            await Agreement.OfAsync(script, seed);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return failure.ToString();
        }
#pragma warning restore CA1031
    }
}
