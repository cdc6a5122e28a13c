using System.Collections.Immutable;
using System.Text;
using Graft.Consensus;

namespace Graft.Tests.Machines;

/// <summary>A list of what was applied, on a disk that loses what isn't checkpointed. Each commit is checked against the one before.</summary>
internal sealed class TestDiskMachine(TestStateDisk disk) : IDiskStateMachine, IDisposable
{
    private ImmutableList<string> _working = [];
    private bool _isReplacing;

    internal bool IsDisposed { get; private set; }

    /// <summary>What a commit waits for, if anything.</summary>
    internal Task? Gate { get; set; }

    /// <summary>Makes the commit of a restore fail.</summary>
    internal bool FailsRestores { get; set; }

    /// <summary>What a query waits for once it has fixed what it sees; unset, queries run between batches.</summary>
    internal Task? QueryGate { get; set; }

    public bool QueriesRunBeside => QueryGate is not null;

    internal List<(ulong Index, string Command)> Calls { get; } = [];

    public LogIndex Durable => new(disk.Durable.Index);

    public ValueTask<IReadOnlyList<StateRow>> OpenAsync(MachineContext context)
    {
        _working = disk.Committed.Lines;
        IReadOnlyList<StateRow> rows = [.. disk.Committed.Rows.Select(row => new StateRow(Convert.FromHexString(row.Key), row.Value))];
        return ValueTask.FromResult(rows);
    }

    public ValueTask ApplyAsync(CommandBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            string command = Encoding.UTF8.GetString(batch[i].Span);
            Calls.Add((batch.At(i).Index.Value, command));
            _working = _working.Add(command);
            batch.Answer(i, Encoding.UTF8.GetBytes($"{_working.Count}:{command}"));
        }

        return default;
    }

    public async ValueTask CommitAsync(StateCommit commit)
    {
        if (Gate is { } gate)
        {
            await gate;
        }

        if (_isReplacing && FailsRestores)
        {
            throw new IOException("The disk of the state machine is full.");
        }

        Assert.Equal(_isReplacing, commit.ReplacesRows);
        Assert.True(commit.Applied.Index.Value > disk.Committed.Index, $"{commit.Applied} behind {disk.Committed.Index}");
        Assert.Equal(commit.Rows.Select(row => Convert.ToHexString(row.Key.Span)).Order(StringComparer.Ordinal), commit.Rows.Select(row => Convert.ToHexString(row.Key.Span)));
        ImmutableSortedDictionary<string, byte[]> rows = commit.ReplacesRows ? TestStateDisk.Content.Empty.Rows : disk.Committed.Rows;
        foreach (StateRow row in commit.Rows)
        {
            string key = Convert.ToHexString(row.Key.Span);
            rows = row.Value is { } value ? rows.SetItem(key, value.ToArray()) : rows.Remove(key);
        }

        disk.Committed = new TestStateDisk.Content(_working, rows, commit.Applied.Index.Value);
        disk.Commits++;
        _isReplacing = false;
        if (disk.CheckpointEvery > 0 && disk.Commits % disk.CheckpointEvery == 0)
        {
            disk.Durable = disk.Committed;
        }
    }

    public ValueTask CheckpointAsync()
    {
        disk.Durable = disk.IsCheckpointBlocked ? disk.Durable : disk.Committed;
        return default;
    }

    public bool StandsAlone(ReadOnlyMemory<byte> command) => command.Span[^1] == (byte)'7';

    public async ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        ImmutableList<string> seen = disk.Committed.Lines;
        await (QueryGate ?? Task.CompletedTask);
        return Encoding.UTF8.GetBytes(string.Join(',', seen));
    }

    public ValueTask<IStateImage> CaptureAsync() => ValueTask.FromResult<IStateImage>(new Image(disk.Committed.Lines));

    public async ValueTask RestoreAsync(Stream image)
    {
        using var reader = new StreamReader(image);
        _working = [];
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            _working = _working.Add(line);
        }

        _isReplacing = true;
        disk.Restores++;
    }

    public void Dispose() => IsDisposed = true;

    private sealed class Image(ImmutableList<string> lines) : IStateImage
    {
        public ValueTask WriteAsync(Stream image, CancellationToken cancellation)
        {
            foreach (string line in lines)
            {
                image.Write(Encoding.UTF8.GetBytes(line + "\n"));
            }

            return default;
        }

        public void Dispose()
        {
        }
    }
}
