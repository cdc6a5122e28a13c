using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Graft.Consensus;
using ReadResult = System.IO.Pipelines.ReadResult;

namespace Graft.Network;

/// <summary>Takes a connection's bytes apart into verified frames.</summary>
/// <remarks>
/// A frame is believed when its header has its checksum, its type is known, its length is within the limit of the type, and its
/// body has its checksum; whatever isn't so ends the connection. Nothing is allocated by the word of a header: the bytes stay in the
/// pipe until the last has come.
/// <para>
/// They stay there for as long as the other side likes. So a frame of more than <see cref="FreeBytes"/> enters a budget with its header, all of it
/// at once; where there's no room it is passed over, byte by byte as it comes, and found without its body. And it has to come: bytes
/// of it count as heard by <see cref="PieceBytes"/> and not one by one, or a byte now and then would hold the place for days.
/// </para>
/// </remarks>
internal sealed class FrameReader
{
    /// <summary>Frames up to this length are in no budget: there's one of them to a connection at most, and connections are counted.</summary>
    internal const int FreeBytes = 64 << 10;

    // Within the silence that is allowed. A modem brings more.
    private const int PieceBytes = 8 << 10;

    private readonly PipeReader _input;
    private ReadOnlySequence<byte> _rest;
    private bool _hasRead;
    private bool _isCompleted;
    private int _lengthMax;
    private ByteBudget? _budget;
    private int _booked;
    private FrameHeader _passed;
    private long _passing;
    private long _unheard;

    /// <param name="input">The connection's bytes.</param>
    /// <param name="lengthMax">The longest body that is taken before <see cref="Expect"/> says otherwise.</param>
    internal FrameReader(PipeReader input, int lengthMax = int.MaxValue) => (_input, _lengthMax) = (input, lengthMax);

    /// <summary>The frame that <see cref="MoveNextAsync"/> has found.</summary>
    internal FrameHeader Header { get; private set; }

    /// <summary>Its body. Gone with the next <see cref="MoveNextAsync"/>.</summary>
    internal ReadOnlySequence<byte> Body { get; private set; }

    /// <summary>There was no room for it: the frame has come and gone, and <see cref="Body"/> is empty. Its header is what was sent.</summary>
    internal bool IsPassedOver { get; private set; }

    /// <summary>Told of reads that brought bytes: a long frame on a slow line is progress long before it's whole.</summary>
    internal Action? OnBytes { get; set; }

    /// <summary>Why there is no next frame: a sentence, or null if the other side ended between two frames.</summary>
    internal string? Error { get; private set; }

    /// <summary>Waits for the next frame.</summary>
    /// <returns>False at the end, and after whatever ended it: see <see cref="Error"/>. Throws nothing that a peer can cause.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<bool> MoveNextAsync()
    {
        while (Error is null)
        {
            if (TryTake())
            {
                return true;
            }

            if (Error is not null || !await ReadMoreAsync())
            {
                break;
            }
        }

        if (Error is null && (!_rest.IsEmpty || _passing > 0))
        {
            Error = "The connection ended in the middle of a frame.";
        }

        return false;
    }

    /// <summary>Says what may come from here on: after the hello, more than before it.</summary>
    /// <param name="lengthMax">The longest body, whatever its type may have.</param>
    /// <param name="budget">For frames of more than <see cref="FreeBytes"/>; null if they aren't counted.</param>
    internal void Expect(int lengthMax, ByteBudget? budget) => (_lengthMax, _budget) = (lengthMax, budget);

    /// <summary>Nothing more is read: the frame that was coming leaves the budget.</summary>
    internal void GiveBack()
    {
        if (_booked > 0)
        {
            _budget!.Leave(_booked);
            _booked = 0;
        }
    }

    /// <summary>Reads the first bytes of a connection.</summary>
    /// <returns>Null if they aren't ours, or the connection ended before them.</returns>
    internal async ValueTask<ConnectionKind?> ReadPreambleAsync()
    {
        while (_rest.Length < Preamble.Size)
        {
            if (!await ReadMoreAsync())
            {
                return null;
            }
        }

        bool isOurs = TryReadPreamble(out ConnectionKind kind);
        _rest = _rest.Slice(Preamble.Size);
        return isOurs ? kind : null;
    }

    private bool TryReadPreamble(out ConnectionKind kind)
    {
        Span<byte> bytes = stackalloc byte[Preamble.Size];
        _rest.Slice(0, Preamble.Size).CopyTo(bytes);
        return Preamble.TryRead(bytes, out kind);
    }

    private bool TryTake()
    {
        if (_passing > 0)
        {
            return TryPassOver();
        }

        if (_rest.Length < FrameHeader.Size)
        {
            return false;
        }

        if (!TryReadHeader(out FrameHeader header, out string error))
        {
            Error = error;
            return false;
        }

        if (header.Length > _lengthMax)
        {
            Error = $"A frame of type {header.Type} claims {header.Length} bytes where at most {_lengthMax} are allowed.";
            return false;
        }

        if (_rest.Length < FrameHeader.Size + header.Length)
        {
            return !TryBook(header.Length) && TryPassOver(header);
        }

        GiveBack();
        ReadOnlySequence<byte> body = _rest.Slice(FrameHeader.Size, header.Length);
        if (ChecksumOf(body) != header.BodyChecksum)
        {
            Error = $"The body of a frame of type {header.Type} doesn't have its checksum.";
            return false;
        }

        (Header, Body, IsPassedOver) = (header, body, false);
        _rest = _rest.Slice(body.End);
        return true;
    }

    private bool TryBook(int length)
    {
        if (_budget is null || length <= FreeBytes || _booked > 0)
        {
            return true;
        }

        bool fits = _budget.TryEnter(length);
        _booked = fits ? length : 0;
        return fits;
    }

    private bool TryPassOver(in FrameHeader header)
    {
        (_passed, _passing) = (header, FrameHeader.Size + (long)header.Length);
        return TryPassOver();
    }

    private bool TryPassOver()
    {
        long part = Math.Min(_rest.Length, _passing);
        _rest = _rest.Slice(part);
        _passing -= part;
        if (_passing > 0)
        {
            return false;
        }

        (Header, Body, IsPassedOver) = (_passed, default, true);
        return true;
    }

    private void Hear(long count)
    {
        _unheard += count;
        if ((_booked == 0 && _passing == 0) || _unheard >= PieceBytes)
        {
            _unheard = 0;
            OnBytes?.Invoke();
        }
    }

    private bool TryReadHeader(out FrameHeader header, out string error)
    {
        if (_rest.FirstSpan.Length >= FrameHeader.Size)
        {
            return FrameHeader.TryRead(_rest.FirstSpan, out header, out error);
        }

        Span<byte> bytes = stackalloc byte[FrameHeader.Size];
        _rest.Slice(0, FrameHeader.Size).CopyTo(bytes);
        return FrameHeader.TryRead(bytes, out header, out error);
    }

    private static uint ChecksumOf(in ReadOnlySequence<byte> body)
    {
        uint checksum = 0;
        foreach (ReadOnlyMemory<byte> part in body)
        {
            checksum = Crc32C.Continue(checksum, part.Span);
        }

        return checksum;
    }

    // False if no more bytes come.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReadMoreAsync()
    {
        if (_isCompleted)
        {
            return false;
        }

        try
        {
            if (_hasRead)
            {
                _input.AdvanceTo(_rest.Start, _rest.End);
                _hasRead = false;
            }

            long before = _rest.Length;
            ReadResult result = await _input.ReadAsync();
            (_hasRead, _isCompleted, _rest) = (true, result.IsCompleted || result.IsCanceled, result.Buffer);
            bool hasMore = _rest.Length > before;
            if (hasMore)
            {
                Hear(_rest.Length - before);
            }

            return !_isCompleted || hasMore;
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            (_isCompleted, _rest) = (true, default);
            Error ??= exception.Message;
            return false;
        }
    }
}
