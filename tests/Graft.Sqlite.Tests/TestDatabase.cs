using Graft.Consensus;

namespace Graft.Sqlite.Tests;

/// <summary>A database under test: a state machine with a log of its own, and a directory that goes with it.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    internal static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private static int _made;

    private readonly string _root;
    private readonly bool _agrees;
    private SqliteOptions _options;

    private TestDatabase(string root, SqliteOptions options, bool agrees) =>
        (_root, _options, _agrees, Machine) = (root, options, agrees, new SqliteStateMachine(options));

    internal SqliteStateMachine Machine { get; private set; }

    internal IReadOnlyList<StateRow> OpenedWith { get; private set; } = [];

    /// <summary>The last entry applied.</summary>
    internal ulong Index { get; private set; }

    internal string Directory => Path.Combine(_root, "g1");

    /// <summary>A directory of which there is none yet.</summary>
    internal static string NewRoot() =>
        Path.Combine(Path.GetTempPath(), $"graft-sqlite-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");

    internal static async Task<TestDatabase> OpenAsync(Func<SqliteOptions, SqliteOptions>? change = null, bool agrees = true)
    {
        string root = NewRoot();
        var options = new SqliteOptions { Directory = root, Inline = true, Time = new Graft.Tests.Support.VirtualTime(), DigestBytesPerSecond = long.MaxValue };
        var made = new TestDatabase(root, change?.Invoke(options) ?? options, agrees);
        await made.OpenMachineAsync();
        return made;
    }

    public async ValueTask DisposeAsync()
    {
        await Machine.DisposeAsync();
        System.IO.Directory.Delete(_root, recursive: true);
    }

    /// <summary>Ends the machine without a commit and opens another on the same files.</summary>
    internal async Task ReopenAsync(Func<SqliteOptions, SqliteOptions>? change = null)
    {
        await Machine.DisposeAsync();
        _options = change?.Invoke(_options) ?? _options;
        Machine = new SqliteStateMachine(_options);
        await OpenMachineAsync();
    }

    /// <summary>Applies requests as one batch, and commits it.</summary>
    internal async Task<SqlAnswer[]> ExecuteAsync(params SqlRequest[] requests)
    {
        SqlAnswer[] answers = await ApplyAsync(requests);
        await CommitAsync();
        return answers;
    }

    /// <summary>Applies one text by itself.</summary>
    internal async Task<SqlAnswer> ExecuteAsync(string sql, params SqlValue[] values) => (await ExecuteAsync(Request(sql, values)))[0];

    /// <summary>Applies requests, and commits nothing.</summary>
    internal async Task<SqlAnswer[]> ApplyAsync(params SqlRequest[] requests) =>
        [.. (await ApplyCommandsAsync([.. requests.Select(static request => (ReadOnlyMemory<byte>)SqlWire.Encode(request))])).Select(static answer => SqlWire.DecodeAnswer(answer))];

    internal async Task<ReadOnlyMemory<byte>[]> ApplyCommandsAsync(params ReadOnlyMemory<byte>[] commands)
    {
        var batch = new CommandBatch();
        foreach (ReadOnlyMemory<byte> command in commands)
        {
            Index++;
            batch.Add(command, new AppliedAt(new LogIndex(Index), Start.AddSeconds(Index), SeedOf(Index)));
        }

        await Machine.ApplyAsync(batch);
        return [.. Enumerable.Range(0, batch.Count).Select(batch.AnswerAt)];
    }

    internal ValueTask CommitAsync(params StateRow[] rows) =>
        Machine.CommitAsync(new StateCommit(new EntryId(new Term(1), new LogIndex(Index)), rows, ReplacesRows: false));

    internal async Task<SqlAnswer> QueryAsync(string sql, params SqlValue[] values) =>
        await QueryAsync(new SqlQuery([Statement(sql, values)]));

    internal async Task<SqlAnswer> QueryAsync(SqlQuery query) =>
        SqlWire.DecodeAnswer(await Machine.QueryAsync(SqlWire.Encode(query), TestContext.Current.CancellationToken));

    /// <summary>The rows of a query, a line each, values parted by a bar.</summary>
    internal async Task<string> RowsAsync(string sql, params SqlValue[] values) => Text(await QueryAsync(sql, values));

    internal async Task<UInt128> DigestAsync()
    {
        using IStateDigest? digest = await Machine.BeginDigestAsync();
        return await digest!.ComputeAsync(TestContext.Current.CancellationToken);
    }

    internal async Task<byte[]> ImageAsync()
    {
        using IStateImage image = await Machine.CaptureAsync();
        using var bytes = new MemoryStream();
        await image.WriteAsync(bytes, TestContext.Current.CancellationToken);
        return bytes.ToArray();
    }

    /// <summary>Applies a proposal of what to compute with, in front of the first entry.</summary>
    internal async Task<SqlAnswer> AgreeAsync(ReadOnlyMemory<byte> proposal)
    {
        var batch = new CommandBatch();
        batch.Add(proposal, new AppliedAt(new LogIndex(Index), Start, 0));
        await Machine.ApplyAsync(batch);
        await CommitAsync();
        return SqlWire.DecodeAnswer(batch.AnswerAt(0));
    }

    /// <summary>Takes over another's state, as a node does that gets a snapshot.</summary>
    internal async Task RestoreAsync(byte[] image, ulong index, params StateRow[] rows)
    {
        await Machine.RestoreAsync(new MemoryStream(image));
        Index = index;
        await Machine.CommitAsync(new StateCommit(new EntryId(new Term(1), new LogIndex(index)), rows, ReplacesRows: true));
    }

    internal void RewindTo(ulong index) => Index = index;

    internal static ulong SeedOf(ulong index) => unchecked(index * 0x9E3779B97F4A7C15);

    internal static SqlRequest Request(string sql, params SqlValue[] values) => new([Statement(sql, values)]);

    internal static SqlStatement Statement(string sql, params SqlValue[] values) =>
        new(sql, [.. values.Select(static value => new SqlParameter(null, value))]);

    internal static string Text(SqlAnswer answer) => answer.Refusal is { } refusal ? $"refused {refusal.Code}: {refusal.Message}" : string.Join('\n', answer.Results.Select(Text));

    internal static string Text(SqlResult result) => result switch
    {
        SqlRows rows => string.Join('\n', Enumerable.Range(0, rows.Count).Select(row => string.Join('|', rows[row].ToArray()))),
        SqlChange change => $"changed {change.RowsAffected} last {change.LastRowId}",
        SqlFailure failure => $"error {failure.Code}: {failure.Message}",
        _ => throw new InvalidOperationException(),
    };

    private async Task OpenMachineAsync()
    {
        OpenedWith = await Machine.OpenAsync(new MachineContext(new ClusterId(7), new NodeId(1), new GroupId(1)));
        if (!Machine.HasAgreed && _agrees)
        {
            await AgreeAsync(Machine.Proposal);
        }
    }
}
