using System.Buffers;
using System.IO.Pipelines;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>Frames that gather while the last write runs, and the loop that writes them.</summary>
/// <remarks>
/// <para>
/// Whoever adds encodes at once, under the lock, and never waits. One loop takes all that has gathered and writes it by one call: a
/// single frame leaves without delay, many leave together. Two buffers take turns.
/// </para>
/// <para>Checksums are made by the loop, outside of the lock.</para>
/// </remarks>
internal sealed class Outbox
{
    // Small enough that the receiver begins while the sender still encodes, large enough that headers don't count.
    private const int BatchBytesTarget = 128 << 10;
    // What one call to the connection is given at most, so that a long write on a slow line shows its progress.
    private const int SliceBytes = 64 << 10;
    private const int FirstBytes = 4 << 10;
    private const int KeptBytesMax = 512 << 10;
    private const int NoFrame = -1;

    private readonly Lock _gate = new();
    private readonly AsyncSignal _signal = new();
    private readonly TimeProvider _time;
    private readonly int _bytesMax;
    private byte[] _filling = [];
    private byte[] _writing = [];
    private int _filled;
    private int _beingWritten;
    private int _batch = NoFrame;
    private bool _isLoopWaiting;
    private bool _isClosed;
    private long _progressed;
    private long? _longWriteProgressed;
    private ulong _position;
    private ulong _taken;

    internal Outbox(int bytesMax, TimeProvider time) => (_bytesMax, _time) = (bytesMax, time);

    /// <summary>Told, on the loop, that what was taken has been written: there's room again.</summary>
    internal Action? OnRoom { get; set; }

    /// <summary>Bytes that are waiting or being written.</summary>
    internal int QueuedBytes
    {
        get
        {
            lock (_gate)
            {
                return _filled + _beingWritten;
            }
        }
    }

    /// <summary>The position behind the last frame that was handed to the connection: what lies above was never sent.</summary>
    internal ulong TakenPosition
    {
        get
        {
            lock (_gate)
            {
                return _taken;
            }
        }
    }

    /// <summary>Whether a write has made no progress for this long: the other side doesn't read.</summary>
    internal bool IsStuck(TimeSpan patience)
    {
        lock (_gate)
        {
            return _beingWritten > 0 && _time.GetElapsedTime(_progressed) > patience;
        }
    }

    /// <summary>Whether a write that takes more than one call went on within this time.</summary>
    /// <remarks>
    /// A ping waits behind it, so that there is no answer yet is no silence. Short writes don't count: the system takes them without anybody
    /// at the other end.
    /// </remarks>
    internal bool IsWritingLong(TimeSpan within)
    {
        lock (_gate)
        {
            return _longWriteProgressed is { } progressed && _time.GetElapsedTime(progressed) < within;
        }
    }

    /// <summary>Adds a whole frame. From any thread.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="id">Its id.</param>
    /// <param name="head">The first part of the body.</param>
    /// <param name="body">The rest of it.</param>
    /// <param name="position">Where it ends in the stream; see <see cref="TakenPosition"/>.</param>
    /// <returns>False if the budget is full or the outbox is closed; nothing was added.</returns>
    internal bool TryAdd(FrameType type, ulong id, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, out ulong position)
    {
        int length = head.Length + body.Length;
        bool wakes;
        lock (_gate)
        {
            position = _position;
            if (!TryReserve_NeedsLock(FrameHeader.Size + (long)length))
            {
                return false;
            }

            CloseBatch_NeedsLock();
            Span<byte> room = _filling.AsSpan(_filled);
            FrameHeader.Write(room, type, length, id);
            head.CopyTo(room[FrameHeader.Size..]);
            body.CopyTo(room[(FrameHeader.Size + head.Length)..]);
            Advance_NeedsLock(FrameHeader.Size + length);
            position = _position;
            wakes = TakeWaiter_NeedsLock();
        }

        WakeIf(wakes);
        return true;
    }

    internal bool TryAdd(FrameType type, ulong id) => TryAdd(type, id, default, default, out _);

    /// <summary>Adds a message to the batch that is being filled. From any thread.</summary>
    /// <returns>False if the message is too large, the budget is full or the outbox is closed; nothing was added.</returns>
    internal bool TryAddMessage(GroupId group, in Message message, ReadOnlySpan<WireEntry> entries, in MessageEnds ends)
    {
        long size = MessageCodec.GetSizeMax(message, entries);
        bool wakes;
        lock (_gate)
        {
            if (size > WireLimits.BatchBytesMax || entries.Length > WireLimits.EntriesMax || !TryReserve_NeedsLock(FrameHeader.Size + size))
            {
                return false;
            }

            if (_batch != NoFrame && _filled - _batch + size > BatchBytesTarget)
            {
                CloseBatch_NeedsLock();
            }

            if (_batch == NoFrame)
            {
                _batch = _filled;
                FrameHeader.Write(_filling.AsSpan(_filled), FrameType.Batch, 0, 0);
                Advance_NeedsLock(FrameHeader.Size);
            }

            Advance_NeedsLock(MessageCodec.Write(_filling.AsSpan(_filled), group, message, entries, ends));
            wakes = TakeWaiter_NeedsLock();
        }

        WakeIf(wakes);
        return true;
    }

    /// <summary>Ends the loop; what hasn't been handed over yet never is. From any thread, any number of times.</summary>
    internal void Close()
    {
        bool wakes;
        lock (_gate)
        {
            _isClosed = true;
            wakes = TakeWaiter_NeedsLock();
        }

        WakeIf(wakes);
    }

    /// <summary>Writes what gathers until <see cref="Close"/> or until the connection ends.</summary>
    /// <returns>Why it ended: a sentence, or null after <see cref="Close"/>.</returns>
    internal async Task<string?> RunAsync(PipeWriter output)
    {
        try
        {
            while (true)
            {
                if (TryTake(out ReadOnlyMemory<byte> frames, out bool isClosed))
                {
                    while (!frames.IsEmpty)
                    {
                        ReadOnlyMemory<byte> slice = frames[..Math.Min(frames.Length, SliceBytes)];
                        FlushResult result = await output.WriteAsync(slice);
                        if (result.IsCompleted || result.IsCanceled)
                        {
                            return "The other side has closed the connection.";
                        }

                        NoteProgress();
                        frames = frames[slice.Length..];
                    }

                    EndWrite();
                    OnRoom?.Invoke();
                }
                else if (isClosed)
                {
                    return null;
                }
                else
                {
                    await _signal.WaitAsync();
                }
            }
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            return exception.Message;
        }
        finally
        {
            Close();
            GiveBack();
        }
    }

    /// <summary>Takes all that has gathered, sealed: for the loop, and for who measures. <see cref="EndWrite"/> has to follow.</summary>
    internal bool TryTake(out ReadOnlyMemory<byte> frames, out bool isClosed)
    {
        lock (_gate)
        {
            isClosed = _isClosed;
            if (isClosed || _filled == 0)
            {
                _isLoopWaiting = !isClosed;
                frames = default;
                return false;
            }

            CloseBatch_NeedsLock();
            (_filling, _writing) = (_writing, _filling);
            (_beingWritten, _filled) = (_filled, 0);
            _taken = _position;
            _progressed = _time.GetTimestamp();
        }

        // Nobody else touches this buffer until EndWrite.
        FrameHeader.SealAll(_writing.AsSpan(0, _beingWritten));
        frames = _writing.AsMemory(0, _beingWritten);
        return true;
    }

    private void NoteProgress()
    {
        lock (_gate)
        {
            _progressed = _time.GetTimestamp();
            if (_beingWritten > SliceBytes)
            {
                _longWriteProgressed = _progressed;
            }
        }
    }

    internal void EndWrite()
    {
        lock (_gate)
        {
            _beingWritten = 0;
            if (_writing.Length > KeptBytesMax)
            {
                ArrayPool<byte>.Shared.Return(_writing);
                _writing = [];
            }
        }
    }

    private void GiveBack()
    {
        lock (_gate)
        {
            ReturnIfRented(ref _filling);
            _filled = 0;

            // A pipe that failed in the middle of a write may still read from what it was given: that array is the collector's.
            if (_beingWritten == 0)
            {
                ReturnIfRented(ref _writing);
            }
        }
    }

    private static void ReturnIfRented(ref byte[] bytes)
    {
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = [];
        }
    }

    private bool TryReserve_NeedsLock(long size)
    {
        if (_isClosed || _filled + _beingWritten + size > _bytesMax)
        {
            return false;
        }

        int needed = _filled + (int)size;
        if (_filling.Length < needed)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(FirstBytes, Math.Min(_filling.Length * 2, _bytesMax))));
            _filling.AsSpan(0, _filled).CopyTo(larger);
            ReturnIfRented(ref _filling);
            _filling = larger;
        }

        return true;
    }

    private void CloseBatch_NeedsLock()
    {
        if (_batch != NoFrame)
        {
            FrameHeader.WriteLength(_filling.AsSpan(_batch), _filled - _batch - FrameHeader.Size);
            _batch = NoFrame;
        }
    }

    private void Advance_NeedsLock(int count)
    {
        _filled += count;
        _position += (ulong)count;
    }

    private bool TakeWaiter_NeedsLock()
    {
        bool waits = _isLoopWaiting;
        _isLoopWaiting = false;
        return waits;
    }

    private void WakeIf(bool wakes)
    {
        if (wakes)
        {
            _signal.Set();
        }
    }
}
