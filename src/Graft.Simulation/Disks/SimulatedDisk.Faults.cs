using System.Globalization;
using Graft.Storage;

namespace Graft.Simulation.Disks;

/// <content>What goes wrong and when, what was called, and what it cost.</content>
public sealed partial class SimulatedDisk
{
    private static readonly int CallKinds = Enum.GetValues<DiskCall>().Length;
    private static readonly int FaultKinds = Enum.GetValues<DiskFault>().Length;

    private readonly long[] _calls = new long[CallKinds];
    private readonly long[] _injected = new long[FaultKinds];
    private readonly int[] _rates = new int[CallKinds * FaultKinds];
    private readonly List<(DiskCall? Call, long At, DiskFault Fault)> _plans = [];
    private readonly SortedSet<string> _denied = new(StringComparer.Ordinal);
    private readonly Queue<string> _trace = [];

    private bool _hasRates;
    private bool _hasDied;
    private long _deathAt;

    /// <summary>The mode of a device without a write barrier: every flush returns, and nothing becomes durable.</summary>
    /// <remarks>What is pending stays so, and the first flush after the mode has ended makes it durable.</remarks>
    public bool FlushesLie { get; set; }

    /// <summary>How many bytes fit; null for no limit. Raising it heals the disk, lowering it doesn't delete anything.</summary>
    public long? QuotaBytes { get; set; }

    /// <summary>
    /// What counts against the quota: <see cref="BytesPerName"/> for each file and directory, and each byte written once.
    /// Overwriting is free, and so are holes: <see cref="IDiskFile.SetLength"/> reserves nothing, it only needs a disk
    /// that isn't full. A deleted file counts until it is closed.
    /// </summary>
    public long UsedBytes
    {
        get
        {
            long used = 0;
            foreach (DirectoryNode? node in _directories)
            {
                used += node is null || node.Id == Root ? 0 : BytesPerName;
            }

            foreach (Inode? inode in _inodes)
            {
                used += inode is { OccupiesSpace: true } ? BytesPerName + inode.Cache.Written.Total : 0;
            }

            return used;
        }
    }

    /// <summary>
    /// What happens while a call hangs (<see cref="DiskFault.Stall"/>). It may use the disk, as other threads do meanwhile, and look at a
    /// <see cref="Fork"/> that loses its power there; a fork has none of its own.
    /// </summary>
    public Action? WhileStalled { get; set; }

    /// <summary>All calls so far. The numbers that <see cref="DieAtCall"/> and <see cref="FailCall(long)"/> take begin behind it.</summary>
    public long CallCount { get; private set; }

    /// <summary>The last calls and faults, one line each; empty unless the options ask for them.</summary>
    public IReadOnlyCollection<string> TraceLines => _trace;

    /// <summary>Whether the process has died in a call (<see cref="DieAtCall"/>) and its disk has neither been crashed nor killed since.</summary>
    public bool HasDied => _hasDied;

    /// <summary>How often this was called.</summary>
    public long Count(DiskCall call) => _calls[(int)call];

    /// <summary>How often this was done to a call.</summary>
    public long Count(DiskFault fault) => _injected[(int)fault];

    /// <summary>From now on, this happens to so many of a thousand such calls.</summary>
    public void SetRate(DiskCall call, DiskFault fault, int perMille)
    {
        CheckApplies(call, fault);
        _rates[((int)call * FaultKinds) + (int)fault] = perMille;
        _hasRates = Array.Exists(_rates, rate => rate > 0);
    }

    /// <summary>This happens to the <paramref name="nth"/> such call from now; 1 is the next.</summary>
    public void FailCall(DiskCall call, long nth, DiskFault fault = DiskFault.Fail)
    {
        CheckApplies(call, fault);
        ArgumentOutOfRangeException.ThrowIfLessThan(nth, 1);
        _plans.Add((call, _calls[(int)call] + nth, fault));
    }

    /// <summary>The <paramref name="nth"/> call from now fails, whatever it is; 1 is the next.</summary>
    public void FailCall(long nth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nth, 1);
        _plans.Add((null, CallCount + nth, DiskFault.Fail));
    }

    /// <summary>
    /// The process dies in the <paramref name="nth"/> call from now: it and every later call throws
    /// <see cref="ProcessDiedException"/> until <see cref="Crash"/> or <see cref="Kill"/>.
    /// </summary>
    /// <remarks>
    /// A change has then been made in the cache, and is pending; a flush has not been made. So a sweep over all calls, with
    /// a crash behind each, sees every state that a power loss between or in calls can leave.
    /// </remarks>
    public void DieAtCall(long nth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nth, 1);
        _deathAt = CallCount + nth;
    }

    /// <summary>Every call that names this path is refused, until <see cref="Allow"/>.</summary>
    public void Deny(string path) => _denied.Add(path);

    /// <summary>Ends <see cref="Deny"/>.</summary>
    public void Allow(string path) => _denied.Remove(path);

    /// <summary>No more faults: rates, plans, denials and lies end, and so does a death that was to come. Damage that was done stays, and so does the quota.</summary>
    public void StopFaults()
    {
        Array.Clear(_rates);
        _hasRates = false;
        _plans.Clear();
        _denied.Clear();
        FlushesLie = false;
        _deathAt = 0;
    }

    private static void CheckApplies(DiskCall call, DiskFault fault)
    {
        bool isOfFile = call is DiskCall.Read or DiskCall.Write or DiskCall.Flush or DiskCall.SetLength;
        bool applies = fault switch
        {
            DiskFault.None => false,
            DiskFault.Fail => true,
            DiskFault.Deny => !isOfFile,
            DiskFault.NoSpace => call is DiskCall.CreateDirectory or DiskCall.Create or DiskCall.Rename or DiskCall.Lock
                or DiskCall.Write or DiskCall.SetLength,
            DiskFault.LostWrite or DiskFault.MisdirectedWrite => call == DiskCall.Write,
            DiskFault.Stall => call is DiskCall.Write or DiskCall.Flush or DiskCall.FlushDirectory,
            DiskFault.LyingFlush => call is DiskCall.Flush or DiskCall.FlushDirectory,
            DiskFault.ShortRead or DiskFault.StaleRead or DiskFault.BitRot or DiskFault.LatentError
                or DiskFault.LostSector => call == DiskCall.Read,
        };
        if (!applies)
        {
            throw new ArgumentException($"{fault} doesn't happen to {call}.", nameof(fault));
        }
    }

    /// <summary>Counts a call and decides what goes wrong in it.</summary>
    private DiskFault Begin(DiskCall call, string path, string newPath = "", long offset = -1, long bytes = -1)
    {
        if (_hasDied)
        {
            throw new ProcessDiedException();
        }

        CallCount++;
        _calls[(int)call]++;
        _hasDied = CallCount == _deathAt;
        DiskFault fault = _denied.Count > 0 && (_denied.Contains(path) || _denied.Contains(newPath)) && !IsOfFile(call)
            ? DiskFault.Deny
            : Choose(call);
        _injected[(int)fault]++;
        if (_options.TraceLines > 0)
        {
            Record(call, path, newPath, offset, bytes, fault);
        }

        if (fault == DiskFault.Stall)
        {
            fault = DiskFault.None;
            if (!_hasDied)
            {
                WhileStalled?.Invoke();
            }
        }

        bool changesTheCache = call is not (DiskCall.Read or DiskCall.Flush or DiskCall.FlushDirectory or DiskCall.ListFiles
            or DiskCall.ListDirectories or DiskCall.FileExists or DiskCall.Open or DiskCall.Lock);
        if (_hasDied && !changesTheCache)
        {
            throw new ProcessDiedException();
        }

        return fault;
    }

    private void End(DiskCall call, string path, DiskFault fault)
    {
        if (_hasDied)
        {
            throw new ProcessDiedException();
        }

        switch (fault)
        {
            case DiskFault.Fail:
                throw Failure(DiskError.Failed, call, path, "input/output error");
            case DiskFault.Deny:
                throw Failure(DiskError.Denied, call, path, "permission denied");
            case DiskFault.NoSpace:
                throw Failure(DiskError.NoSpace, call, path, "no space left on device");
        }
    }

    // Nothing is known of what a failed call did: half of them did it.
    private bool ActsBeforeFailing(DiskFault fault) =>
        fault == DiskFault.None || (fault == DiskFault.Fail && _faults.Chance(500));

    private static bool IsOfFile(DiskCall call) =>
        call is DiskCall.Read or DiskCall.Write or DiskCall.Flush or DiskCall.SetLength;

    private DiskFault Choose(DiskCall call)
    {
        for (int i = 0; i < _plans.Count; i++)
        {
            (DiskCall? planned, long at, DiskFault fault) = _plans[i];
            if ((planned is null && at == CallCount) || (planned == call && at == _calls[(int)call]))
            {
                _plans.RemoveAt(i);
                return fault;
            }
        }

        for (int fault = 0; _hasRates && fault < FaultKinds; fault++)
        {
            int rate = _rates[((int)call * FaultKinds) + fault];
            if (rate > 0 && _faults.Chance(rate))
            {
                return (DiskFault)fault;
            }
        }

        return DiskFault.None;
    }

    private void NeedSpace(long bytes, DiskCall call, string path)
    {
        if (QuotaBytes is { } quota && quota - UsedBytes < bytes)
        {
            throw Failure(DiskError.NoSpace, call, path, "no space left on device");
        }
    }

    /// <summary>How many of the bytes find space, beginning at the first.</summary>
    private int Fitting(Inode inode, int length, long offset)
    {
        if (QuotaBytes is not { } quota)
        {
            return length;
        }

        long free = Math.Max(0, quota - UsedBytes);
        RangeSet written = inode.Cache.Written;
        (int fits, int tooMany) = (0, length + 1);
        while (tooMany - fits > 1)
        {
            int middle = fits + ((tooMany - fits) / 2);
            (fits, tooMany) = middle - written.CountIn(offset, offset + middle) <= free ? (middle, tooMany) : (fits, middle);
        }

        return fits;
    }

    private DiskException Failure(DiskError error, DiskCall call, string path, string reason)
    {
        string operation = call switch
        {
            DiskCall.CreateDirectory => "create directory",
            DiskCall.ListFiles or DiskCall.ListDirectories => "list",
            DiskCall.FileExists => "look for",
            DiskCall.Open => "open",
            DiskCall.Create => "create",
            DiskCall.Rename => "rename",
            DiskCall.Delete => "delete",
            DiskCall.FlushDirectory => "flush directory",
            DiskCall.Lock => "lock",
            DiskCall.Read => "read",
            DiskCall.Write => "write",
            DiskCall.Flush => "flush",
            DiskCall.SetLength => "set the length of",
        };
        if (_options.TraceLines > 0)
        {
            Remember($"  {error}: {reason}");
        }

        return new DiskException(error, operation, path, reason);
    }

    private void Record(DiskCall call, string path, string newPath, long offset, long bytes, DiskFault fault)
    {
        // A pattern, because the line is read by people and compared between two runs.
        string what = call switch
        {
            DiskCall.Read or DiskCall.Write => string.Create(
                CultureInfo.InvariantCulture, $"{Verb(call)} {path} @{offset} {bytes} B"),
            DiskCall.SetLength => string.Create(CultureInfo.InvariantCulture, $"length {path} {offset} B"),
            DiskCall.Rename => $"rename {path} -> {newPath}",
            _ => $"{Verb(call)} {(path.Length == 0 ? "." : path)}",
        };
        Remember(fault == DiskFault.None ? what : $"{what}: {fault}");
    }

    private static string Verb(DiskCall call) => call switch
    {
        DiskCall.CreateDirectory => "mkdir",
        DiskCall.ListFiles => "files",
        DiskCall.ListDirectories => "directories",
        DiskCall.FileExists => "exists",
        DiskCall.Open => "open",
        DiskCall.Create => "create",
        DiskCall.Rename => "rename",
        DiskCall.Delete => "delete",
        DiskCall.FlushDirectory => "flushdir",
        DiskCall.Lock => "lock",
        DiskCall.Read => "read",
        DiskCall.Write => "write",
        DiskCall.Flush => "flush",
        DiskCall.SetLength => "length",
    };

    private void Trace(string what)
    {
        if (_options.TraceLines > 0)
        {
            Remember(what);
        }
    }

    private void Remember(string line)
    {
        if (_trace.Count == _options.TraceLines)
        {
            _trace.Dequeue();
        }

        _trace.Enqueue(line);
    }

    private void CopyFaultsTo(SimulatedDisk fork)
    {
        _calls.CopyTo(fork._calls, 0);
        _injected.CopyTo(fork._injected, 0);
        _rates.CopyTo(fork._rates, 0);
        fork._plans.AddRange(_plans);
        fork._denied.UnionWith(_denied);
        fork._hasRates = _hasRates;
        fork.CallCount = CallCount;
        fork.FlushesLie = FlushesLie;
        fork.QuotaBytes = QuotaBytes;
        foreach (string line in _trace)
        {
            fork._trace.Enqueue(line);
        }
    }
}
