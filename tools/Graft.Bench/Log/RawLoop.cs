using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>The limit: append as many bytes to a file that was written before, flush, again. The same system calls, nothing around them.</summary>
internal sealed class RawLoop : IDisposable
{
    private const long Size = 64 << 20;

    private readonly IDiskFile _file;
    private long _at = 4096;

    internal RawLoop(IDisk disk, string name)
    {
        disk.CreateDirectory("");
        _file = disk.Open(name, DiskAccess.Create);
        byte[] zeros = new byte[1 << 20];
        for (long at = 0; at < Size; at += zeros.Length)
        {
            _file.Write(zeros, at);
        }

        _file.Flush();
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Microseconds of each append until the time is over.</summary>
    internal List<double> Measure(byte[] bytes, TimeSpan duration) => Repeated.Measure(duration, () => Append(bytes));

    /// <summary>Appends and flushes in a second.</summary>
    internal double Rate(int bytes, TimeSpan duration) => 1e6 / Measure(new byte[bytes], duration).Average();

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        if (_at + bytes.Length > Size)
        {
            _at = 4096;
        }

        _file.Write(bytes, _at);
        _file.Flush();
        _at += bytes.Length;
    }
}
