using Graft.Storage;

namespace Graft.Simulation.Disks;

/// <summary>An open file of a <see cref="SimulatedDisk"/>.</summary>
internal sealed class SimulatedFile : IDiskFile
{
    private readonly SimulatedDisk _disk;
    private readonly Inode _inode;
    private readonly bool _canWrite;
    private readonly int _process;
    private bool _isDisposed;

    internal SimulatedFile(SimulatedDisk disk, Inode inode, string path, bool canWrite)
    {
        _disk = disk;
        _inode = inode;
        _canWrite = canWrite;
        _process = disk.Process;
        Path = path;
        inode.OpenFiles++;
    }

    public long Length
    {
        get
        {
            CheckAlive("measure");
            return _inode.Cache.Length;
        }
    }

    internal string Path { get; }

    public int Read(Span<byte> buffer, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        CheckAlive("read");
        return _disk.Read(_inode, Path, buffer, offset);
    }

    public void Write(ReadOnlySpan<byte> data, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        CheckWritable("write");
        _disk.Write(_inode, Path, data.ToArray(), offset);
    }

    public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> pieces, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        CheckWritable("write");
        int total = 0;
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            total += piece.Length;
        }

        byte[] data = new byte[total];
        int filled = 0;
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            piece.Span.CopyTo(data.AsSpan(filled));
            filled += piece.Length;
        }

        _disk.Write(_inode, Path, data, offset);
    }

    public void Flush()
    {
        CheckAlive("flush");
        _disk.Flush(_inode, Path);
    }

    public void SetLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        CheckWritable("set the length of");
        _disk.SetLength(_inode, Path, length);
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            if (_process == _disk.Process)
            {
                _inode.OpenFiles--;
            }
        }
    }

    private void CheckAlive(string operation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_process != _disk.Process)
        {
            throw new DiskException(DiskError.Failed, operation, Path, "the process that opened it has ended");
        }
    }

    private void CheckWritable(string operation)
    {
        CheckAlive(operation);
        if (!_canWrite)
        {
            throw new DiskException(DiskError.Denied, operation, Path, "it is open for reading only");
        }
    }
}
