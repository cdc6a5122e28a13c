using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <summary>An open file of a <see cref="FileDisk"/>. No call allocates once the longest list of pieces has been seen.</summary>
internal sealed unsafe class MachineFile : IDiskFile
{
    private readonly ISystemCalls _calls;
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    // Both are the writer's, of whom there is one at a time; reads use neither.
    private IoVector[] _pieces = [];
    private MemoryHandle[] _pins = [];

    private DiskException? _failedFlush;

    internal MachineFile(ISystemCalls calls, SafeFileHandle handle, string path)
    {
        _calls = calls;
        _handle = handle;
        _path = path;
    }

    public long Length
    {
        get
        {
            SystemResult length = _calls.Length(_handle);
            return length.Failed ? throw Error("measure", length.Error) : length.Value;
        }
    }

    // A short read is continued: taken for the end of the file it cuts off good data (redis-raft da13b80, dqlite f9802d0e).
    public int Read(Span<byte> buffer, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int done = 0;
        fixed (byte* start = buffer)
        {
            while (done < buffer.Length)
            {
                SystemResult read = _calls.Read(_handle, start + done, buffer.Length - done, offset + done);
                if (read.Failed)
                {
                    if (_calls.IsInterrupted(read.Error))
                    {
                        continue;
                    }

                    throw Error("read", read.Error);
                }

                if (read.Value == 0)
                {
                    break;
                }

                done += (int)read.Value;
            }
        }

        return done;
    }

    public void Write(ReadOnlySpan<byte> data, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        RefuseAfterFailedFlush("write");
        if (data.IsEmpty)
        {
            return;
        }

        fixed (byte* start = data)
        {
            IoVector piece = new() { Start = start, Length = (nuint)data.Length };
            WriteAll(&piece, 1, offset);
        }
    }

    public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> pieces, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        RefuseAfterFailedFlush("write");
        MakeRoomFor(Math.Min(pieces.Length, _calls.PiecesMax));
        while (!pieces.IsEmpty)
        {
            int pinned = 0;
            try
            {
                long bytes = Pin(ref pieces, ref pinned);
                fixed (IoVector* start = _pieces)
                {
                    WriteAll(start, pinned, offset);
                }

                offset += bytes;
            }
            finally
            {
                for (int i = 0; i < pinned; i++)
                {
                    _pins[i].Dispose();
                }
            }
        }
    }

    // After a failed flush the system may have marked the pages clean and forgotten the error, so that the next flush
    // succeeds on data that never reached the disk (Rebello et al., ATC'20). It isn't asked a second time. The error is
    // Failed even for want of space: nothing that is freed brings back what was dropped.
    public void Flush()
    {
        RefuseAfterFailedFlush("flush");
        SystemResult flushed;
        do
        {
            flushed = _calls.Flush(_handle);
        }
        while (flushed.Failed && _calls.IsInterrupted(flushed.Error));

        if (flushed.Failed)
        {
            _failedFlush = new DiskException(DiskError.Failed, "flush", _path, _calls.Describe(flushed.Error));
            throw _failedFlush;
        }
    }

    public void SetLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        RefuseAfterFailedFlush("set the length of");
        SystemResult set;
        do
        {
            set = _calls.SetLength(_handle, length);
        }
        while (set.Failed && _calls.IsInterrupted(set.Error));

        if (set.Failed)
        {
            throw Error("set the length of", set.Error);
        }
    }

    public void Dispose() => _handle.Dispose();

    private void MakeRoomFor(int count)
    {
        if (_pieces.Length < count)
        {
            _pieces = new IoVector[count];
            _pins = new MemoryHandle[count];
        }
    }

    /// <summary>Pins as many of the pieces as one call takes, moves behind them, and returns how many bytes they hold.</summary>
    private long Pin(ref ReadOnlySpan<ReadOnlyMemory<byte>> pieces, ref int pinned)
    {
        long bytes = 0;
        while (!pieces.IsEmpty && pinned < _pieces.Length)
        {
            ReadOnlyMemory<byte> piece = pieces[0];
            if (pinned > 0 && bytes + piece.Length > _calls.BytesMax)
            {
                break;
            }

            pieces = pieces[1..];
            if (!piece.IsEmpty)
            {
                _pins[pinned] = piece.Pin();
                _pieces[pinned] = new IoVector { Start = (byte*)_pins[pinned].Pointer, Length = (nuint)piece.Length };
                pinned++;
                bytes += piece.Length;
            }
        }

        return bytes;
    }

    private void WriteAll(IoVector* pieces, int count, long offset)
    {
        while (count > 0)
        {
            SystemResult written = _calls.Write(_handle, pieces, count, offset);
            if (written.Failed)
            {
                if (_calls.IsInterrupted(written.Error))
                {
                    continue;
                }

                throw Error("write", written.Error);
            }

            // Neither progress nor an error; POSIX doesn't exclude it, and the loop would never end.
            if (written.Value == 0)
            {
                throw new DiskException(DiskError.Failed, "write", _path, "the system took none of the bytes and named no error");
            }

            offset += written.Value;
            nuint rest = (nuint)written.Value;
            while (count > 0 && rest >= pieces->Length)
            {
                rest -= pieces->Length;
                pieces++;
                count--;
            }

            if (count > 0)
            {
                pieces->Start += rest;
                pieces->Length -= rest;
            }
        }
    }

    private void RefuseAfterFailedFlush(string operation)
    {
        if (_failedFlush is not null)
        {
            throw new DiskException(
                DiskError.Failed, operation, _path, $"what it holds is unknown since an earlier failure. {_failedFlush.Message}");
        }
    }

    private DiskException Error(string operation, int error) =>
        new(_calls.Classify(error), operation, _path, _calls.Describe(error));
}
