using Microsoft.Win32.SafeHandles;

namespace Graft.Storage.Tests.Disks;

/// <summary>The machine's system calls, with the faults that a test has put in their way. Each fault is used once.</summary>
internal sealed unsafe class FaultyCalls : ISystemCalls
{
    internal const int EINTR = 4;
    internal const int EIO = 5;
    internal const int EACCES = 13;
    internal const int ENOSPC = 28;

    private readonly ISystemCalls _calls = SystemCalls.OfThisMachine;
    private readonly Dictionary<string, Queue<int>> _errors = new(StringComparer.Ordinal);

    /// <summary>Every call by name, in order; a failed one counts too.</summary>
    internal List<string> Made { get; } = [];

    /// <summary>Every handle that was opened, in order; closed ones too.</summary>
    internal List<SafeFileHandle> Opened { get; } = [];

    /// <summary>How many bytes one read or write moves at most.</summary>
    internal int BytesAtOnce { get; set; } = int.MaxValue;

    internal bool FlushesAreSwallowed { get; set; }

    internal bool WritesTakeNothing { get; set; }

    public int PiecesMax { get; set; } = SystemCalls.OfThisMachine.PiecesMax;

    public long BytesMax { get; set; } = SystemCalls.OfThisMachine.BytesMax;

    internal void Fail(string call, params int[] errors) => _errors[call] = new Queue<int>(errors);

    public SystemResult Open(string path, SystemOpen how, out SafeFileHandle handle)
    {
        handle = new SafeFileHandle();
        SystemResult result = Fault(nameof(Open)) ?? _calls.Open(path, how, out handle);
        if (!result.Failed)
        {
            Opened.Add(handle);
        }

        return result;
    }

    public SystemResult Read(SafeFileHandle handle, byte* buffer, int length, long offset) =>
        Fault(nameof(Read)) ?? _calls.Read(handle, buffer, Math.Min(length, BytesAtOnce), offset);

    public SystemResult Write(SafeFileHandle handle, IoVector* pieces, int count, long offset)
    {
        if (Fault(nameof(Write)) is SystemResult fault)
        {
            return fault;
        }

        Assert.InRange(count, 1, PiecesMax);
        for (int i = 0; i < count; i++)
        {
            Assert.NotEqual(0u, pieces[i].Length);
        }

        if (WritesTakeNothing)
        {
            return default;
        }

        // Short in the middle of a piece as well as behind one.
        long total = 0;
        int taken = 0;
        while (taken < count && total + (long)pieces[taken].Length <= BytesAtOnce)
        {
            total += (long)pieces[taken++].Length;
        }

        if (taken > 0)
        {
            return _calls.Write(handle, pieces, taken, offset);
        }

        IoVector part = new() { Start = pieces->Start, Length = (nuint)BytesAtOnce };
        return _calls.Write(handle, &part, 1, offset);
    }

    public SystemResult Flush(SafeFileHandle handle) =>
        Fault(nameof(Flush)) ?? (FlushesAreSwallowed ? default : _calls.Flush(handle));

    public SystemResult FlushDirectory(SafeFileHandle handle) => Fault(nameof(FlushDirectory)) ?? _calls.FlushDirectory(handle);

    public SystemResult SetLength(SafeFileHandle handle, long length) =>
        Fault(nameof(SetLength)) ?? _calls.SetLength(handle, length);

    public SystemResult Length(SafeFileHandle handle) => Fault(nameof(Length)) ?? _calls.Length(handle);

    public SystemResult Lock(SafeFileHandle handle) => Fault(nameof(Lock)) ?? _calls.Lock(handle);

    public SystemResult Unlock(SafeFileHandle handle) => _calls.Unlock(handle);

    public SystemResult OpenUnflushable(string file, out SafeFileHandle handle) => _calls.OpenUnflushable(file, out handle);

    public SystemResult Exists(string path) => Fault(nameof(Exists)) ?? _calls.Exists(path);

    public SystemResult Rename(string path, string newPath) => Fault(nameof(Rename)) ?? _calls.Rename(path, newPath);

    public SystemResult Delete(string path) => Fault(nameof(Delete)) ?? _calls.Delete(path);

    public SystemResult CreateDirectory(string path) => Fault(nameof(CreateDirectory)) ?? _calls.CreateDirectory(path);

    public bool IsInterrupted(int error) => _calls.IsInterrupted(error);

    public DiskError Classify(int error) => _calls.Classify(error);

    public string Describe(int error) => _calls.Describe(error);

    internal int CountOf(string call) => Made.Count(made => made == call);

    private SystemResult? Fault(string call)
    {
        Made.Add(call);
        return _errors.TryGetValue(call, out Queue<int>? errors) && errors.TryDequeue(out int error) && error != 0
            ? new SystemResult(-1, error)
            : null;
    }
}
