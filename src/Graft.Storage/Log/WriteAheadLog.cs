using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The log of a node: the entries, votes and terms of all its groups, in one sequence of batches.</summary>
/// <remarks>
/// <para>
/// <see cref="Stage"/>, <see cref="Write"/> and <see cref="Flush"/> belong to one thread, in this order: writes are staged into a
/// batch, the batch is written by one call and made durable by one flush, and only then does the next one begin. That rule is
/// what recovery tells torn from rotten by (docs/internals/storage-format.md, section 4). Reads come from any thread.
/// </para>
/// <para>
/// A <see cref="StorageFailedException"/> is final: every later call that writes throws the same. A log never retries.
/// </para>
/// </remarks>
public sealed partial class WriteAheadLog : IDisposable
{
    private const string Directory = "log";

    private readonly IDisk _disk;
    private readonly LogOptions _options;
    private readonly IDisposable _lock;
    private readonly Lock _gate = new();
    private readonly GroupTable _groups = new();
    private readonly SortedDictionary<ulong, Segment> _segments = [];
    private readonly EntryIndexPool _indexPool = new();

    private StorageFailedException? _failure;
    private GroupLog? _lastGroup;

    // Where the log stands: the last record staged, and the last batch begun.
    private ulong _sequence;
    private uint _check;
    private ulong _batch;
    private ulong _durableBatch;

    private WriteAheadLog(IDisk disk, LogOptions options, IDisposable held)
    {
        (_disk, _options, _lock) = (disk, options, held);
        _blocks = [new TailBlock(options.BlockBytes), new TailBlock(options.BlockBytes), new TailBlock(options.BlockBytes), new TailBlock(options.BlockBytes)];
        _spares = new SparePool(disk, Directory, options.SegmentBytes);
    }

    /// <summary>How often a log was opened on this directory, this time included.</summary>
    public Incarnation Incarnation { get; private set; }

    /// <summary>What was found when the log was opened.</summary>
    public RecoveryReport Recovery { get; private set; } = RecoveryReport.Empty;

    /// <summary>
    /// Whether all that <see cref="Recovery"/> says is durable. False only after a start on a full disk: what was found may then be
    /// in the page cache alone, and nothing of it may be promised to anybody until <see cref="Maintain"/> found room to copy it.
    /// </summary>
    public bool IsProven => _unbuilt is null;

    /// <summary>The last batch that is known to be durable.</summary>
    public ulong DurableBatch => _durableBatch;

    /// <summary>Why the log is over, or null.</summary>
    public StorageFailedException? Failure => _failure;

    /// <summary>Opens the log of a node, creating the directory's contents if there are none. It takes the directory's lock and counts the start.</summary>
    /// <param name="disk">The data directory.</param>
    /// <param name="options">Whose it's to be, and the sizes.</param>
    /// <exception cref="ArgumentException">A size is out of its range. Nothing was changed.</exception>
    /// <exception cref="StorageRefusedException">
    /// The directory is another node's or cluster's, newer than this program, damaged in what says whose it is, or in use.
    /// Nothing was changed. Or the segments asked for are too small for what it holds; nothing was lost.
    /// </exception>
    /// <exception cref="StorageFailedException">The disk failed. Nothing acknowledged was lost by trying.</exception>
    public static WriteAheadLog Open(IDisk disk, LogOptions options)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        options.ThrowIfInvalid();
        IDisposable held = DirectoryIdentity.Lock(disk, options.Holder);
        WriteAheadLog? log = null;
        try
        {
            if (options.TestsDisk && disk is FileDisk file && DiskSelfTest.Run(file).Failure is { } distrust)
            {
                throw new StorageRefusedException(distrust);
            }

            log = new WriteAheadLog(disk, options, held);
            log.Recover();
            return log;
        }
        catch (DiskException failure)
        {
            log?.CloseFiles();
            held.Dispose();
            throw new StorageFailedException(failure);
        }
        catch
        {
            log?.CloseFiles();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Marks the log as closed in order, so that the next start need not copy its end. Everything staged is made durable first.</summary>
    /// <exception cref="StorageFailedException">It is unknown what of the last batch is durable. Files and lock are let go all the same.</exception>
    public void Close()
    {
        try
        {
            if (HasStaged)
            {
                Write();
                Flush();
            }

            if (_active is not null && StageMark(RecordFlags.Clean))
            {
                Write();
                Flush();
            }
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Lets go of the files and the lock. What is staged and not flushed is as after a crash.</summary>
    public void Dispose()
    {
        CloseFiles();
        _lock.Dispose();
    }

    private void CloseFiles()
    {
        lock (_gate)
        {
            foreach (Segment segment in _segments.Values)
            {
                segment.File.Dispose();
            }

            _segments.Clear();
            _active = null;
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure && !Planted.RetriesAfterFailedFlush)
        {
            throw failure;
        }
    }

    private StorageFailedException Fail(DiskException failure)
    {
        _failure = new StorageFailedException(failure);
        return _failure;
    }

    private GroupLog GroupOf(GroupId id)
    {
        if (Find(id) is { } found)
        {
            return found;
        }

        var group = new GroupLog(id, _indexPool) { Born = _sequence };
        _groups.Add(id, group);
        _lastGroup = group;
        return group;
    }

    // The writer's: a write is checked and then taken, and both ask for the same group.
    private GroupLog? Find(GroupId id)
    {
        if (_lastGroup is { } last && last.Id == id)
        {
            return last;
        }

        if (_groups.TryGetValue(id, out GroupLog? group))
        {
            _lastGroup = group;
        }

        return group;
    }
}
